//===-- Server.cpp - the protocol -------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lsp/Lsp.h"

#include "lsp/Text.h"
#include "lsp/Workspace.h"
#include "report/Sources.h"

#include "llvm/Support/LSP/Logging.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mdlcheck;
using namespace mdlcheck::lsp;
using llvm::lsp::Callback;
using llvm::lsp::LSPError;
namespace json = llvm::json;

namespace {

class Server {
public:
  Server(llvm::lsp::JSONTransport &transport, cli::Options options,
         std::string version);

  bool wasShutDown() const { return shutDown; }
  llvm::lsp::MessageHandler &messages() { return handler; }

private:
  void onInitialize(const AnyParams &params, Callback<json::Value> reply);
  void onInitialized(const AnyParams &params) {}
  void onShutdown(const AnyParams &params, Callback<json::Value> reply);
  void onOpen(const llvm::lsp::DidOpenTextDocumentParams &params);
  void onChange(const llvm::lsp::DidChangeTextDocumentParams &params);
  void onSave(const DidSaveParams &params);
  void onClose(const llvm::lsp::DidCloseTextDocumentParams &params);
  void onHover(const llvm::lsp::TextDocumentPositionParams &params,
               Callback<json::Value> reply);
  void onCodeAction(const AnyParams &params, Callback<json::Value> reply);
  void onCancelProgress(const AnyParams &params) { workspace.cancel(); }
  /// Every request is answered before the next message is read.
  void onCancelRequest(const AnyParams &params) {}

  std::function<void()> beginProgress(std::string title);
  void readOptions(const json::Object &given);

  llvm::lsp::MessageHandler handler;
  cli::Options options;
  std::string version;
  llvm::lsp::OutgoingNotification<json::Value> publishDiagnostics;
  llvm::lsp::OutgoingNotification<json::Value> showMessage;
  llvm::lsp::OutgoingNotification<json::Value> progress;
  bool initialized = false;
  bool shutDown = false;
  bool hasProgress = false;
  int progressToken = 0;
  std::chrono::milliseconds pause{400};
  // Last, so that its thread ends before what it uses.
  Workspace workspace;
};

} // namespace

Server::Server(llvm::lsp::JSONTransport &transport, cli::Options given,
               std::string version)
    : handler(transport), options(std::move(given)),
      version(std::move(version)),
      publishDiagnostics(handler.outgoingNotification<json::Value>(
          "textDocument/publishDiagnostics")),
      showMessage(
          handler.outgoingNotification<json::Value>("window/showMessage")),
      progress(handler.outgoingNotification<json::Value>("$/progress")),
      workspace(Listener{
          [this](json::Value params) { publishDiagnostics(params); },
          [this](llvm::lsp::MessageType type, std::string message) {
            showMessage(json::Object{{"type", int(type)},
                                     {"message", json::fixUTF8(message)}});
          },
          [this](std::string title) { return beginProgress(title); }}) {
  handler.method("initialize", this, &Server::onInitialize);
  handler.notification("initialized", this, &Server::onInitialized);
  handler.method("shutdown", this, &Server::onShutdown);
  handler.notification("textDocument/didOpen", this, &Server::onOpen);
  handler.notification("textDocument/didChange", this, &Server::onChange);
  handler.notification("textDocument/didSave", this, &Server::onSave);
  handler.notification("textDocument/didClose", this, &Server::onClose);
  handler.method("textDocument/hover", this, &Server::onHover);
  handler.method("textDocument/codeAction", this, &Server::onCodeAction);
  handler.notification("window/workDoneProgress/cancel", this,
                       &Server::onCancelProgress);
  handler.notification("$/cancelRequest", this, &Server::onCancelRequest);
}

//===----------------------------------------------------------------------===//
// Life
//===----------------------------------------------------------------------===//

// An editor's settings add to the command line.
void Server::readOptions(const json::Object &given) {
  if (auto dir = given.getString("buildDirectory"))
    options.input.buildDir = dir->str();
  if (auto rules = given.getString("rules"))
    options.policy.rules = rules->str();
  if (const json::Array *files = given.getArray("contracts"))
    for (const json::Value &file : *files)
      if (auto name = file.getAsString())
        options.contractFiles.push_back(name->str());
  if (auto milliseconds = given.getInteger("pause"))
    if (*milliseconds >= 0)
      pause = std::chrono::milliseconds(*milliseconds);
}

void Server::onInitialize(const AnyParams &params,
                          Callback<json::Value> reply) {
  if (initialized)
    return reply(
        llvm::make_error<LSPError>("initialize was asked for twice",
                                   llvm::lsp::ErrorCode::InvalidRequest));
  cli::Options fromCommandLine = options;
  if (const json::Object *root = params.value.getAsObject()) {
    if (const json::Object *capabilities = root->getObject("capabilities"))
      if (const json::Object *window = capabilities->getObject("window"))
        hasProgress = window->getBoolean("workDoneProgress").value_or(false);
    if (const json::Object *given = root->getObject("initializationOptions"))
      readOptions(*given);
  }
  std::string problem;
  auto analyzer = Analyzer::create(options);
  if (!analyzer) {
    problem = llvm::toString(analyzer.takeError());
    analyzer = Analyzer::create(fromCommandLine);
  }
  if (!analyzer)
    return reply(
        llvm::make_error<LSPError>(llvm::toString(analyzer.takeError()),
                                   llvm::lsp::ErrorCode::InvalidParams));
  initialized = true;
  workspace.start(std::move(*analyzer), pause);
  reply(json::Object{
      {"capabilities",
       json::Object{
           {"positionEncoding", "utf-16"},
           {"textDocumentSync",
            json::Object{
                {"openClose", true},
                {"change", int(llvm::lsp::TextDocumentSyncKind::Incremental)},
                {"save", true}}},
           {"hoverProvider", true},
           {"codeActionProvider",
            json::Object{{"codeActionKinds", json::Array{"quickfix"}}}},
       }},
      {"serverInfo", json::Object{{"name", "mdlcheck"}, {"version", version}}},
  });
  if (!problem.empty())
    showMessage(json::Object{{"type", int(llvm::lsp::MessageType::Error)},
                             {"message", "mdlcheck: " + problem}});
}

void Server::onShutdown(const AnyParams &, Callback<json::Value> reply) {
  shutDown = true;
  reply(nullptr);
}

// The protocol lets a token be used only once the editor has agreed to it.
std::function<void()> Server::beginProgress(std::string title) {
  if (!hasProgress)
    return [] {};
  struct State {
    std::mutex mutex;
    bool begun = false;
    bool ended = false;
  };
  auto state = std::make_shared<State>();
  std::string token = "mdlcheck/" + std::to_string(++progressToken);
  auto create = handler.outgoingRequest<json::Value, AnyParams>(
      "window/workDoneProgress/create",
      [this, state, token, title](json::Value, llvm::Expected<AnyParams> ok) {
        if (!ok)
          return llvm::consumeError(ok.takeError());
        std::lock_guard<std::mutex> lock(state->mutex);
        if (state->ended)
          return;
        state->begun = true;
        progress(json::Object{{"token", token},
                              {"value", json::Object{{"kind", "begin"},
                                                     {"title", title},
                                                     {"cancellable", true}}}});
      });
  create(json::Object{{"token", token}}, token);
  return [this, state, token] {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->ended = true;
    if (state->begun)
      progress(json::Object{{"token", token},
                            {"value", json::Object{{"kind", "end"}}}});
  };
}

//===----------------------------------------------------------------------===//
// Documents
//===----------------------------------------------------------------------===//

void Server::onOpen(const llvm::lsp::DidOpenTextDocumentParams &params) {
  const llvm::lsp::TextDocumentItem &document = params.textDocument;
  if (initialized && document.uri)
    workspace.open(document.uri.uri().str(), document.uri.file().str(),
                   document.version, document.text);
}

void Server::onChange(const llvm::lsp::DidChangeTextDocumentParams &params) {
  workspace.change(params.textDocument.uri.uri().str(),
                   params.textDocument.version, params.contentChanges);
}

void Server::onSave(const DidSaveParams &params) {
  workspace.save(params.textDocument.uri.uri().str());
}

void Server::onClose(const llvm::lsp::DidCloseTextDocumentParams &params) {
  workspace.close(params.textDocument.uri.uri().str());
}

void Server::onHover(const llvm::lsp::TextDocumentPositionParams &params,
                     Callback<json::Value> reply) {
  std::vector<Diagnostic> found = workspace.at(
      params.textDocument.uri.uri().str(), llvm::lsp::Range(params.position));
  std::string text;
  std::set<std::string> shown;
  for (const Diagnostic &d : found) {
    if (d.code.empty() || !shown.insert(d.code).second)
      continue;
    text += (text.empty() ? "" : "\n\n---\n\n") + workspace.pageOf(d.code);
  }
  if (text.empty())
    return reply(nullptr);
  reply(json::Object{
      {"contents", json::Object{{"kind", "markdown"}, {"value", text}}},
      {"range", found.front().range}});
}

//===----------------------------------------------------------------------===//
// Code actions
//===----------------------------------------------------------------------===//

// A comment for the finding's line: behind it, or above where something that a
// comment must not follow stands there.
static std::optional<llvm::lsp::TextEdit> suppression(llvm::StringRef text,
                                                      const Diagnostic &d) {
  using llvm::lsp::Position;
  using llvm::lsp::Range;
  int line = d.range.start.line;
  auto lineText = [&](int number) {
    llvm::StringRef rest = text.substr(offsetOf(text, Position(number, 0)));
    return rest.take_until([](char c) { return c == '\n' || c == '\r'; });
  };
  llvm::StringRef here = lineText(line);
  bool continuesAbove = line > 0 && lineText(line - 1).ends_with("\\");
  if (continuesAbove)
    return std::nullopt;
  if (here.contains("//") || here.contains("/*") || here.ends_with("\\")) {
    llvm::StringRef indent =
        here.take_while([](char c) { return c == ' ' || c == '\t'; });
    return llvm::lsp::TextEdit{
        Range(Position(line, 0)),
        (indent + "// NOLINTNEXTLINE(" + d.code + ")\n").str()};
  }
  // The end of the line, wherever that is in UTF-16.
  int units = 0;
  for (unsigned char c : here)
    units += (c & 0xC0) == 0x80 ? 0 : c >= 0xF0 ? 2 : 1;
  return llvm::lsp::TextEdit{Range(Position(line, units)),
                             " // NOLINT(" + d.code + ")"};
}

static json::Array editsOf(const contract::Fix &fix, const std::string &text) {
  report::Sources sources;
  json::Array edits;
  for (const contract::Replacement &r : fix.replacements) {
    sources.add(r.where.file, text);
    edits.push_back(llvm::lsp::TextEdit{rangeOf(r.where, sources), r.text});
  }
  return edits;
}

void Server::onCodeAction(const AnyParams &params,
                          Callback<json::Value> reply) {
  llvm::lsp::TextDocumentIdentifier document;
  llvm::lsp::Range range;
  json::Path::Root root;
  json::ObjectMapper mapper(params.value, root);
  if (!mapper || !mapper.map("textDocument", document) ||
      !mapper.map("range", range))
    return reply(
        llvm::make_error<LSPError>("codeAction needs a document and a range",
                                   llvm::lsp::ErrorCode::InvalidParams));
  std::string uri = document.uri.uri().str();
  std::optional<std::string> text = workspace.textOf(uri);
  json::Array actions;
  for (const Diagnostic &d : workspace.at(uri, range)) {
    if (d.code.empty() || !text)
      continue;
    if (std::optional<contract::Fix> fix = workspace.fixFor(uri, d.fingerprint))
      actions.push_back(json::Object{
          {"title", "mdlcheck: " + fix->description},
          {"kind", "quickfix"},
          {"isPreferred", true},
          {"diagnostics", json::Array{toJSON(d)}},
          {"edit", json::Object{{"changes",
                                 json::Object{{uri, editsOf(*fix, *text)}}}}},
      });
    std::optional<llvm::lsp::TextEdit> edit = suppression(*text, d);
    if (!edit)
      continue;
    actions.push_back(json::Object{
        {"title", "Suppress " + d.code + " on this line"},
        {"kind", "quickfix"},
        {"diagnostics", json::Array{toJSON(d)}},
        {"edit",
         json::Object{{"changes", json::Object{{uri, json::Array{*edit}}}}}},
    });
  }
  reply(std::move(actions));
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

int lsp::serve(llvm::ArrayRef<const char *> arguments,
               const std::string &version) {
  auto options = cli::parseOptions(arguments);
  if (!options) {
    llvm::errs() << "mdlcheck: error: " << llvm::toString(options.takeError())
                 << '\n';
    return 2;
  }
  if (!options->input.files.empty()) {
    llvm::errs() << "mdlcheck: error: 'lsp' takes no files: the editor names "
                    "them\n";
    return 2;
  }
  // Mistakes in these are the user's, to be seen where the server is started.
  if (auto analyzer = Analyzer::create(*options); !analyzer) {
    llvm::errs() << "mdlcheck: error: " << llvm::toString(analyzer.takeError())
                 << '\n';
    return 2;
  }
  (void)llvm::sys::ChangeStdinToBinary();
  (void)llvm::sys::ChangeStdoutToBinary();
  llvm::lsp::Logger::setLogLevel(llvm::lsp::Logger::Level::Error);
  llvm::lsp::JSONTransport transport(std::make_unique<LimitedInput>(stdin),
                                     llvm::outs());
  Server server(transport, std::move(*options), version);
  if (llvm::Error error = transport.run(server.messages())) {
    llvm::errs() << "mdlcheck: error: " << llvm::toString(std::move(error))
                 << '\n';
    return 1;
  }
  return server.wasShutDown() ? 0 : 1;
}
