//! A conversation with an editor, over standard input and output: how it begins, goes on and ends.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{DidChangeWatchedFiles, Exit, Initialized, Notification as _};
use lsp_types::request::{Initialize, RegisterCapability, Request as _, Shutdown};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions, HoverProviderCapability,
    InitializeResult, ServerCapabilities, ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind,
};
use serde_json::Value;

use crate::editor_process::EditorProcess;
use crate::wire::{Editor, Received, ServeError, receive};
use crate::workspace::Workspace;

/// How many messages wait while one is answered.
const WAITING: usize = 8;

/// Talks to an editor until it asks for the end, or is gone; tells whether it was asked to shut down before.
///
/// # Errors
/// It speaks another language.
pub fn serve() -> Result<bool, ServeError> {
    let (to, from) = sync_channel(WAITING);
    let of_reader = to.clone();
    thread::spawn(move || receive(io::stdin().lock(), &of_reader));
    let editor = Editor::default();
    let session =
        Session { stage: Stage::New, can_watch: false, to, editor: &editor, workspace: Workspace::new(&editor) };
    session.run(&from)
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Initialized,
    ShutDown,
}

struct Session<'e> {
    stage: Stage,
    /// Whether the editor can tell what changes beside it, and was not asked to yet.
    can_watch: bool,
    /// For what is noticed beside the messages.
    to: SyncSender<Received>,
    editor: &'e Editor,
    workspace: Workspace<'e>,
}

impl Session<'_> {
    /// Whether it was shut down at its end.
    fn run(mut self, from: &Receiver<Received>) -> Result<bool, ServeError> {
        while let Some(received) = self.next(from) {
            match received {
                Received::Message(Message::Request(request)) => {
                    let answer = self.answer(request);
                    self.editor.send(answer);
                }
                Received::Message(Message::Notification(told)) if told.method == Exit::METHOD => break,
                Received::Message(Message::Notification(told)) => self.notice(told),
                Received::Message(Message::Response(_)) => {}
                Received::Refused(refusal) => self.editor.refuse(refusal),
                Received::Gone => break,
                Received::Broken(error) => return Err(error),
            }
            if self.editor.is_gone() {
                break;
            }
        }
        Ok(self.stage == Stage::ShutDown)
    }

    /// Whoever types is ahead: only what is there at the end is checked.
    fn next(&mut self, from: &Receiver<Received>) -> Option<Received> {
        match from.try_recv() {
            Ok(received) => Some(received),
            Err(TryRecvError::Empty) => {
                self.workspace.check();
                from.recv().ok()
            }
            Err(TryRecvError::Disconnected) => None,
        }
    }

    fn notice(&mut self, told: Notification) {
        match self.stage {
            Stage::Initialized if told.method == Initialized::METHOD => {
                if std::mem::take(&mut self.can_watch) {
                    self.editor.send(watch());
                }
            }
            Stage::Initialized => self.workspace.notice(told),
            // The protocol has them dropped.
            Stage::New | Stage::ShutDown => {}
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let refused = |id, code: ErrorCode, why: &str| Response::new_err(id, code as i32, why.to_owned());
        let Request { id, method, params } = request;
        match (self.stage, method.as_str()) {
            (Stage::New, Initialize::METHOD) => {
                self.begin(&params);
                let name = "gen-catalog".to_owned();
                let info = ServerInfo { name, version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
                Response::new_ok(id, InitializeResult { capabilities: capabilities(), server_info: Some(info) })
            }
            (Stage::New, _) => {
                refused(id, ErrorCode::ServerNotInitialized, "the server is not initialized: `initialize` is due first")
            }
            (Stage::Initialized, Initialize::METHOD) => {
                refused(id, ErrorCode::InvalidRequest, "the server is initialized already")
            }
            (Stage::Initialized, Shutdown::METHOD) => {
                self.stage = Stage::ShutDown;
                Response::new_ok(id, Value::Null)
            }
            (Stage::Initialized, _) => self.workspace.answer(Request { id, method, params }),
            (Stage::ShutDown, _) => {
                refused(id, ErrorCode::InvalidRequest, "the server is shut down: only `exit` may follow")
            }
        }
    }

    /// What the editor says of itself.
    fn begin(&mut self, params: &Value) {
        self.stage = Stage::Initialized;
        let dynamic = params.pointer("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration");
        self.can_watch = dynamic == Some(&true.into());
        let process = params.get("processId").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        if let Some(process) = process.and_then(EditorProcess::seen) {
            process.watch(self.to.clone());
        }
    }
}

/// Asks to be told when a file of a catalog changes beside the editor, as at a `git checkout`.
fn watch() -> Request {
    let options = serde_json::json!({ "watchers": [{ "globPattern": "**/*.{yml,yaml,tpl,toml,md,MD}" }] });
    let method = DidChangeWatchedFiles::METHOD;
    let registration = serde_json::json!({ "id": method, "method": method, "registerOptions": options });
    let asked = serde_json::json!({ "registrations": [registration] });
    Request::new(RequestId::from(method.to_owned()), RegisterCapability::METHOD.to_owned(), asked)
}

fn capabilities() -> ServerCapabilities {
    let kinds = vec![CodeActionKind::QUICKFIX, CodeActionKind::SOURCE_FIX_ALL];
    let triggers = ["{", ".", " ", "="].map(str::to_owned).to_vec();
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(triggers),
            ..CompletionOptions::default()
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(kinds),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}
