// Answers a form while it is filled in, and follows the files. Without it the form has a button, and a page is read again by hand.
'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  const live = document.getElementById('live');
  let asked = 0;

  const say = (state, words) => {
    live.className = `live ${state}`;
    live.textContent = words;
  };

  // Takes over what is new around the question that is being answered, whose own answer stays as it is being written.
  const merged = (part, fresh) => {
    const old = part.querySelectorAll('.question');
    const now = fresh.querySelectorAll('.question');
    if (old.length !== now.length || !old.length) return false;
    old.forEach((question, at) => {
      const next = now[at];
      if (question.outerHTML === next.outerHTML) return;
      if (!question.contains(document.activeElement)) {
        question.replaceWith(next);
        return;
      }
      question.className = next.className;
      const help = question.querySelector('[id$="-help"]');
      const fresher = next.querySelector('[id$="-help"]');
      if (help && fresher) help.replaceWith(fresher);
    });
    return true;
  };

  // Puts the parts of a page that are new in the place of the old ones; what is being written stays.
  const show = (text, keepForm) => {
    const page = new DOMParser().parseFromString(text, 'text/html');
    for (const part of document.querySelectorAll('[data-part]')) {
      const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!fresh) {
        // It is another page now: one that says what is wrong, or that it is well again.
        document.querySelector('main').replaceWith(page.querySelector('main'));
        listen();
        return;
      }
      if (fresh.outerHTML === part.outerHTML) continue;
      if (keepForm && part.contains(document.activeElement) && merged(part, fresh)) continue;
      const places = [...part.querySelectorAll('pre')].map((pre) => pre.scrollLeft);
      part.replaceWith(fresh);
      fresh.querySelectorAll('pre').forEach((pre, at) => { pre.scrollLeft = places[at] || 0; });
    }
    if (!document.querySelector('[data-part]') && page.querySelector('main')) {
      document.querySelector('main').replaceWith(page.querySelector('main'));
    }
    document.title = page.title;
    listen();
  };

  const load = async (address, keepForm) => {
    const own = (asked += 1);
    const main = document.querySelector('main');
    main.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(address, { headers: { Accept: 'text/html' }, cache: 'no-store' });
      const text = await answer.text();
      if (own === asked) show(text, keepForm);
    } catch {
      say('off', 'the preview has ended');
    } finally {
      document.querySelector('main').removeAttribute('aria-busy');
    }
  };

  const listen = () => {
    for (const form of document.querySelectorAll('form[data-live]')) {
      if (form.dataset.listens) continue;
      form.dataset.listens = 'yes';
      let timer;
      const answer = () => {
        const address = new URL(form.action);
        // What is the default need not be said.
        for (const [name, value] of new FormData(form)) {
          const control = form.elements[name];
          const given = control && control.dataset ? control.dataset.default : undefined;
          const usual = given === undefined && control && control[0] ? control[0].dataset.default : given;
          if (value !== usual) address.searchParams.append(name, value);
        }
        history.replaceState(null, '', address);
        load(address, true);
      };
      form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(answer, 100); });
      form.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(timer); answer(); });
    }
  };
  listen();

  let known;
  const follow = () => {
    const news = new EventSource('/events');
    news.addEventListener('state', (event) => {
      say('on', 'follows the files');
      if (known !== undefined && known !== event.data) load(location.href, true);
      known = event.data;
    });
    news.onerror = () => {
      say('off', 'not connected');
      // A browser does not ask again where too many pages follow already.
      if (news.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
    };
  };
  follow();
})();
