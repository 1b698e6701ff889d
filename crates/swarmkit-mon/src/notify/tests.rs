use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;
use swarmkit_settings::Settings;

const SECRET: &str = "s3cr3t-t0k3n";

/// A real server on a port of this machine, that answers each request in turn with the next of these; what it was sent.
fn server(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (send, receive) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            let is_whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request);
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                (body.len() >= length.unwrap_or(0usize)).then_some(())
            };
            while is_whole(&request).is_none() {
                let read = stream.read(&mut chunk).unwrap();
                assert!(read > 0);
                request.extend_from_slice(&chunk[..read]);
            }
            let _ = send.send(String::from_utf8(request).unwrap());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, receive)
}

fn notifier(address: &str) -> Notifier {
    let given = |name: &str| (name == "NOTIFY_URL").then(|| address.to_owned());
    let settings = Settings::resolve(|setting| given(setting.variable)).unwrap();
    assert!(!format!("{settings:?}").contains(SECRET), "{settings:?}");
    Notifier::new(&settings.notify_url, None).unwrap().unwrap()
}

fn need(host: &str) -> Need {
    let text = |text: &str| text.to_owned();
    Need {
        host: text(host),
        stage: text("locked"),
        wrong: text("it waits"),
        what: text("Unlock it."),
        command: Some(text("x y")),
    }
}

fn needs(hosts: &[&str]) -> Needs {
    Needs { open: hosts.iter().map(|host| (format!("{host}/locked"), need(host))).collect(), of_all: true }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn queued(watch: &Watch) -> Vec<(&'static str, &str)> {
    watch.queue.iter().map(|(_, message)| (message.event, message.id.as_str())).collect()
}

#[test]
fn a_need_is_told_once_and_when_it_is_over_and_one_that_flickers_is_no_new_one() {
    let (mut watch, start) = (Watch::default(), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    for second in [0, 2, 4] {
        watch.see(needs(&["a"]), at(second));
    }
    watch.see(needs(&[]), at(6));
    watch.see(needs(&["a", "b"]), at(8));
    watch.see(needs(&["b"]), at(60));
    watch.see(needs(&["b"]), at(74));
    assert_eq!(queued(&watch), [("needs_person", "a/locked"), ("needs_person", "b/locked")]);
    watch.see(needs(&["b"]), at(75));
    assert_eq!(queued(&watch)[2], ("over", "a/locked"));
    let message = serde_json::to_value(&watch.queue[2].1).unwrap();
    assert_eq!((&message["for_s"], &message["host"]), (&60.into(), &"a".into()));
    assert_eq!(message["text"], "a: it is over after 60 s (locked)");
    assert_eq!(watch.queue[0].1.text, "a waits for a person: it waits. Unlock it. On that host: x y");
}

#[test]
fn who_acts_for_all_no_more_says_nothing_of_other_hosts() {
    let (mut watch, start) = (Watch::default(), Instant::now());
    let away = Needs { open: BTreeMap::from([("node/away".to_owned(), need("a"))]), of_all: true };
    watch.see(away, start);
    for seconds in [2, 60] {
        watch.see(Needs { open: BTreeMap::new(), of_all: false }, start + Duration::from_secs(seconds));
    }
    assert_eq!(queued(&watch), [("needs_person", "node/away")]);
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let mut watch = Watch::default();
    let hosts: Vec<String> = (0..1000).map(|number| format!("{number:04}")).collect();
    watch.see(needs(&hosts.iter().map(String::as_str).collect::<Vec<_>>()), Instant::now());
    assert_eq!((watch.queue.len(), watch.queue[99].1.need.host.as_str()), (MOST, "0999"));
}

#[test]
fn the_receiver_gets_json_and_its_answer_is_judged_and_not_read() {
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", "x".repeat(1 << 16));
    let answer = |head: &str| format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (address, requests) = server(vec![
        endless,
        answer("503 Unavailable"),
        answer("429 Slower"),
        answer("404 None"),
        answer("302 Found\r\nLocation: http://127.0.0.1:1/"),
        "not HTTP at all\r\n\r\n".to_owned(),
    ]);
    let notifier = notifier(&format!("http://user:{SECRET}@{address}/hook?token={SECRET}"));
    let mut watch = Watch::default();
    watch.see(needs(&["a"]), Instant::now());
    let message = &watch.queue[0].1;
    let outcomes: Vec<Result<(), Failure>> = (0..6).map(|_| block_on(notifier.send(message))).collect();
    let passes = |at: usize| outcomes[at].as_ref().err().map(|failure| failure.passes);
    assert_eq!(
        (0..6).map(passes).collect::<Vec<_>>(),
        [None, Some(true), Some(true), Some(false), Some(false), Some(true)],
        "{outcomes:?}"
    );
    assert!(!format!("{outcomes:?}").contains(SECRET), "{outcomes:?}");
    let request = requests.recv().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("POST /hook?token={SECRET} HTTP/1.1")), "{head}");
    assert!(head.to_lowercase().contains("authorization: basic ") && head.contains("application/json"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["event"], &body["id"], &body["command"]),
        (&"needs_person".into(), &"a/locked".into(), &"x y".into())
    );
}

#[test]
fn one_that_is_not_there_is_told_without_its_address() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let notifier = notifier(&format!("http://user:{SECRET}@{closed}/{SECRET}"));
    let mut watch = Watch::default();
    watch.see(needs(&["a"]), Instant::now());
    let failure = block_on(notifier.send(&watch.queue[0].1)).unwrap_err();
    assert!(failure.passes && failure.why.contains("refused"), "{failure:?}");
    assert!(!failure.why.contains(SECRET) && !failure.why.contains("/hook"), "{failure:?}");
}

#[test]
fn an_address_that_is_none_is_refused_without_being_shown() {
    for bad in
        [&format!("ftp://user:{SECRET}@h/"), SECRET, &format!("http://{SECRET} x/"), &format!("http:///{SECRET}\u{1b}")]
    {
        let given = |name: &str| (name == "NOTIFY_URL").then(|| bad.to_owned());
        let error = Settings::resolve(|setting| given(setting.variable)).unwrap_err();
        assert!(error.to_string().starts_with("NOTIFY_URL (--notify-url) cannot be used as it is ("), "{error}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
    let odd =
        Settings::resolve(|setting| (setting.variable == "NOTIFY_URL").then(|| format!("http://[{SECRET}/"))).unwrap();
    let error = Notifier::new(&odd.notify_url, None).err().unwrap().to_string();
    assert!(error.contains("not an address") && !error.contains(SECRET), "{error}");
    let none = Settings::resolve(|_| None).unwrap();
    assert!(Notifier::new(&none.notify_url, None).unwrap().is_none());
}

#[test]
fn a_certificate_of_another_name_tells_neither_its_names_nor_the_receivers() {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

    let keys = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&keys[0]).unwrap().pem();
    let named = CertificateParams::new(vec![format!("{SECRET}.example")]).unwrap();
    let [issuer, key] = keys;
    let certificate = named.signed_by(&key, &Issuer::new(authority, issuer)).unwrap().der().clone();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()));
    block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async { acceptor.accept(listener.accept().await.unwrap().0).await.map(drop) };
        let given = format!("https://{address}/{SECRET}");
        let settings = Settings::resolve(|setting| (setting.variable == "NOTIFY_URL").then(|| given.clone())).unwrap();
        let notifier = Notifier::new(&settings.notify_url, Some(&pem)).unwrap().unwrap();
        let mut watch = Watch::default();
        watch.see(needs(&["a"]), Instant::now());
        let (sent, _) = tokio::join!(notifier.send(&watch.queue[0].1), server);
        let failure = sent.unwrap_err();
        assert!(failure.passes && failure.why.contains("certificate is not trusted"), "{failure:?}");
        assert!(!failure.why.contains(SECRET) && !failure.why.contains("127.0.0.1"), "{failure:?}");
    });
}
