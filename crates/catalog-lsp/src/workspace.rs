//! What is open in the editor: it is checked while it is typed, and what is asked of it is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use catalog_check::Finding;
use catalog_write::AsideError;
use lsp_server::{ErrorCode, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{CodeActionRequest, Completion, HoverRequest, Request as _};
use lsp_types::{
    CodeActionParams, CodeActionResponse, CompletionParams, CompletionResponse, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    HoverParams, PublishDiagnosticsParams, Uri,
};
use rancher_catalog::beneath::Beneath;
use rancher_catalog::schema::SchemaKind;
use rancher_catalog::source::MAX_FILE_BYTES;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::completion::completions;
use crate::diagnostics::{diagnostics, too_large};
use crate::documents::{Document, Documents, Place, path_of};
use crate::hover::hover;
use crate::mirror::Mirror;
use crate::questions::variables;
use crate::quick_fixes::quick_fixes;
use crate::wire::Editor;

/// A template of which a file is open.
#[derive(Default)]
struct Template {
    mirror: Option<Mirror>,
    /// By the file's path in the catalog.
    findings: BTreeMap<PathBuf, Vec<Finding>>,
    /// Whether something was written since it was last checked.
    is_stale: bool,
}

/// All that the editor has open.
pub(crate) struct Workspace<'e> {
    editor: &'e Editor,
    documents: Documents,
    /// By their folders.
    templates: BTreeMap<PathBuf, Template>,
    /// What the user was shown.
    shown: BTreeSet<String>,
}

impl<'e> Workspace<'e> {
    pub(crate) fn new(editor: &'e Editor) -> Self {
        Self { editor, documents: Documents::default(), templates: BTreeMap::new(), shown: BTreeSet::new() }
    }

    /// What the editor does.
    pub(crate) fn notice(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            DidOpenTextDocument::METHOD => {
                if let Ok(DidOpenTextDocumentParams { text_document: opened }) = serde_json::from_value(params) {
                    self.put(Document::new(opened.uri, opened.version, opened.text), true);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(changed) = serde_json::from_value(params) {
                    self.change(changed);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(DidCloseTextDocumentParams { text_document: closed }) = serde_json::from_value(params) {
                    self.close(closed.uri);
                }
            }
            // Other files of a template may be other ones now.
            DidSaveTextDocument::METHOD => {
                if let Ok(DidSaveTextDocumentParams { text_document: saved, .. }) = serde_json::from_value(params) {
                    self.is_another(&[saved.uri]);
                }
            }
            DidChangeWatchedFiles::METHOD => {
                if let Ok(DidChangeWatchedFilesParams { changes }) = serde_json::from_value(params) {
                    self.is_another(&changes.into_iter().map(|change| change.uri).collect::<Vec<Uri>>());
                }
            }
            _ => {}
        }
    }

    /// The last text counts. A part of one, which was not asked for, makes the text unknown: a fix of what was there before would
    /// change the wrong place.
    fn change(&mut self, changed: DidChangeTextDocumentParams) {
        let DidChangeTextDocumentParams { text_document: of, content_changes } = changed;
        let Some(last) = content_changes.into_iter().next_back() else { return };
        if last.range.is_none() {
            self.put(Document::new(of.uri, of.version, last.text), false);
        } else if self.documents.get(&of.uri).is_some() {
            self.editor.log(format!(
                "the editor sent a part of {} where all of it is due: gen-catalog says nothing of it until that comes",
                of.uri.as_str()
            ));
            self.close(of.uri);
        }
    }

    fn close(&mut self, uri: Uri) {
        self.documents.close(&uri);
        self.publish(uri, None, Vec::new());
        self.forget_closed();
    }

    /// What is checked with files on disk is checked anew: the templates that they are of; all, where they are of none, as
    /// gen-catalog.toml is.
    fn is_another(&mut self, files: &[Uri]) {
        let places: Vec<Option<Place>> =
            files.iter().map(|uri| path_of(uri).and_then(|path| Place::of(&path))).collect();
        for (folder, template) in &mut self.templates {
            let is_of =
                |place: &Option<Place>| place.as_ref().is_none_or(|place| place.root.join(&place.template) == *folder);
            if places.iter().any(is_of) {
                (template.mirror, template.is_stale) = (None, true);
            }
        }
    }

    fn put(&mut self, document: Document, is_new: bool) {
        if document.is_too_large() {
            self.publish(document.uri.clone(), Some(document.version), vec![too_large()]);
        } else if let Some(place) = &document.place {
            let template = self.templates.entry(place.root.join(&place.template)).or_default();
            template.is_stale = true;
            if is_new {
                template.mirror = None;
            }
        }
        self.documents.put(document);
    }

    /// Templates of which nothing is open any more.
    fn forget_closed(&mut self) {
        let documents = &self.documents;
        self.templates.retain(|folder, _| documents.of_template(folder).next().is_some());
        // What is open of the others is beside what is saved of the one that was closed.
        for template in self.templates.values_mut() {
            (template.mirror, template.is_stale) = (None, true);
        }
    }

    /// Checks what was written since the last time.
    pub(crate) fn check(&mut self) {
        let mut told = Vec::new();
        let mut wrong = Vec::new();
        for (folder, template) in self.templates.iter_mut().filter(|(_, template)| template.is_stale) {
            template.is_stale = false;
            let open: Vec<_> =
                self.documents.of_template(folder).filter(|(document, _)| !document.is_too_large()).collect();
            match look(template, &open) {
                Ok(()) => told.extend(open.iter().map(|(document, place)| {
                    let found = template.findings.get(&place.inside).map_or(&[][..], Vec::as_slice);
                    (document.uri.clone(), document.version, diagnostics(document, found))
                })),
                Err(error) => {
                    eprintln!("gen-catalog lsp: {error}");
                    // What was found before was found in another text.
                    told.extend(open.iter().map(|(document, _)| (document.uri.clone(), document.version, Vec::new())));
                }
            }
            wrong.extend(template.mirror.as_ref().and_then(Mirror::config_error).map(str::to_owned));
        }
        for error in wrong {
            self.show(&error);
        }
        for (uri, version, found) in told {
            self.publish(uri, Some(version), found);
        }
    }

    fn publish(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<lsp_types::Diagnostic>) {
        let told = PublishDiagnosticsParams { uri, diagnostics, version };
        self.editor.send(Notification::new(PublishDiagnostics::METHOD.to_owned(), told));
    }

    /// Shows what is wrong with a gen-catalog.toml, once and not at each letter that is typed.
    fn show(&mut self, error: &str) {
        if self.shown.insert(error.to_owned()) {
            self.editor.show(format!("{error}: until that is mended, gen-catalog goes on as if the file were empty"));
        }
    }

    pub(crate) fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        match method.as_str() {
            HoverRequest::METHOD => answered(id, &method, params, |asked: HoverParams| {
                let at = asked.text_document_position_params;
                let document = self.documents.get(&at.text_document.uri)?;
                hover(document, self.findings(document), at.position)
            }),
            Completion::METHOD => answered(id, &method, params, |asked: CompletionParams| {
                let at = asked.text_document_position;
                let document = self.documents.get(&at.text_document.uri)?;
                let items = completions(document, at.position, &self.variables(document));
                Some(CompletionResponse::Array(items))
            }),
            CodeActionRequest::METHOD => {
                // They are changes of the text as it is now.
                self.check();
                answered(id, &method, params, |asked: CodeActionParams| {
                    let document = self.documents.get(&asked.text_document.uri)?;
                    let only = asked.context.only.as_deref();
                    let fixes = quick_fixes(document, self.findings(document), asked.range, only);
                    Some(fixes.into_iter().map(Into::into).collect::<CodeActionResponse>())
                })
            }
            _ => {
                let what = format!("gen-catalog lsp does not answer {method}");
                Response::new_err(id, ErrorCode::MethodNotFound as i32, what)
            }
        }
    }

    /// What was found in a document as it is now; nothing while it is being typed and not checked yet.
    fn findings(&self, document: &Document) -> &[Finding] {
        let found = document.place.as_ref().and_then(|place| {
            let template = self.templates.get(&place.root.join(&place.template))?;
            template.findings.get(&place.inside).filter(|_| !template.is_stale)
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// The variables of the questions of a document's version: as they are in the editor, or else in the file.
    fn variables(&self, document: &Document) -> Vec<(String, String)> {
        let Some(place) = &document.place else { return Vec::new() };
        let is_asking =
            |other: &Place| other.kind == Some(SchemaKind::RancherCompose) && other.version == place.version;
        let folder = place.root.join(&place.template);
        let mut open = self.documents.of_template(&folder);
        if let Some((asking, _)) = open.find(|(_, other)| is_asking(other)) {
            return variables(&asking.text);
        }
        let Ok(template) = Beneath::template(&folder) else { return Vec::new() };
        let version = PathBuf::from(place.version.clone().unwrap_or_default());
        let files = ["rancher-compose.yml", "rancher-compose.yml.tpl"].map(|name| version.join(name));
        let read = files.iter().find_map(|file| template.read(file, MAX_FILE_BYTES).ok());
        variables(&String::from_utf8_lossy(&read.unwrap_or_default()))
    }
}

/// Checks the open files of a template.
fn look(template: &mut Template, open: &[(&Document, &Place)]) -> Result<(), AsideError> {
    template.findings.clear();
    let Some((_, first)) = open.first() else { return Ok(()) };
    let mirror = match template.mirror.take() {
        Some(mirror) => mirror,
        None => Mirror::of(first)?,
    };
    for (document, place) in open {
        mirror.put(place, &document.text)?;
    }
    let scopes: BTreeSet<PathBuf> = open.iter().map(|(_, place)| place.scope()).collect();
    for scope in scopes {
        let of_scope: Vec<&PathBuf> =
            open.iter().filter(|(_, place)| place.scope() == scope).map(|(_, place)| &place.inside).collect();
        for finding in mirror.findings(&scope)? {
            if of_scope.contains(&&finding.path) {
                template.findings.entry(finding.path.clone()).or_default().push(finding);
            }
        }
    }
    template.mirror = Some(mirror);
    Ok(())
}

fn answered<P: DeserializeOwned, A: Serialize>(
    id: RequestId,
    method: &str,
    params: serde_json::Value,
    answer: impl FnOnce(P) -> Option<A>,
) -> Response {
    match serde_json::from_value(params) {
        Ok(asked) => Response::new_ok(id, answer(asked)),
        Err(_) => {
            let what = format!("the parameters of {method} are not as the protocol has them");
            Response::new_err(id, ErrorCode::InvalidParams as i32, what)
        }
    }
}
