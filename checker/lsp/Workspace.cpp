//===-- Workspace.cpp -------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lsp/Workspace.h"

#include "lsp/Text.h"
#include "report/Paths.h"

#include "llvm/Support/Path.h"

using namespace mdlcheck;
using namespace mdlcheck::lsp;
using llvm::lsp::MessageType;
using llvm::lsp::Range;

Workspace::Workspace(Listener listener) : listener(std::move(listener)) {}

Workspace::~Workspace() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  if (worker.joinable())
    worker.join();
}

void Workspace::start(std::unique_ptr<Analyzer> given,
                      std::chrono::milliseconds milliseconds) {
  analyzer = std::move(given);
  pause = milliseconds;
  worker = std::thread([this] { work(); });
}

//===----------------------------------------------------------------------===//
// What the editor says
//===----------------------------------------------------------------------===//

void Workspace::scheduleIncluders(const std::string &path,
                                  Clock::time_point when) {
  for (auto &[uri, document] : documents)
    if (document.path != path && document.inputs.contains(path)) {
      ++document.generation;
      document.due = when;
    }
  changed.notify_all();
}

void Workspace::open(const std::string &uri, const std::string &path,
                     int64_t version, std::string text) {
  std::lock_guard<std::mutex> lock(mutex);
  Document &document = documents[uri];
  document.path = path;
  document.version = version;
  document.text = std::move(text);
  ++document.generation;
  document.due = Clock::now();
  changed.notify_all();
}

// Where `range` is after `edit`, which replaced text above it or in it.
static void shift(Range &range, const Range &edit, int addedLines) {
  for (llvm::lsp::Position *position : {&range.start, &range.end})
    if (position->line > edit.end.line)
      position->line += addedLines;
}

void Workspace::change(
    const std::string &uri, int64_t version,
    llvm::ArrayRef<llvm::lsp::TextDocumentContentChangeEvent> changes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = documents.find(uri);
  if (it == documents.end())
    return;
  Document &document = it->second;
  document.version = version;
  for (const llvm::lsp::TextDocumentContentChangeEvent &change : changes) {
    applyChange(document.text, change);
    if (!change.range)
      continue;
    int added = lineBreaks(change.text) -
                (change.range->end.line - change.range->start.line);
    // The editor moves what it shows; so do we with what we show again.
    for (auto *list :
         {&document.good[document.path], &document.shown[document.path]})
      for (Diagnostic &d : *list) {
        shift(d.range, *change.range, added);
        for (Diagnostic::Related &r : d.related)
          if (r.uri == report::fileUri(document.path))
            shift(r.range, *change.range, added);
      }
  }
  ++document.generation;
  document.repairable.clear();
  document.fixes.clear();
  document.due = Clock::now() + pause;
  scheduleIncluders(document.path, *document.due);
}

void Workspace::save(const std::string &uri) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = documents.find(uri);
  if (it == documents.end())
    return;
  it->second.due = Clock::now();
  scheduleIncluders(it->second.path, Clock::now());
}

void Workspace::close(const std::string &uri) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = documents.find(uri);
  if (it == documents.end())
    return;
  show(it->second, {});
  documents.erase(it);
}

void Workspace::cancel() {
  std::lock_guard<std::mutex> lock(mutex);
  cancelled = true;
}

static bool touches(const Range &a, const Range &b) {
  return a.start <= b.end && b.start <= a.end;
}

std::vector<Diagnostic> Workspace::at(const std::string &uri, Range range) {
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<Diagnostic> found;
  auto it = documents.find(uri);
  if (it == documents.end())
    return found;
  // A header's findings come from the documents that include it.
  for (auto &[other, document] : documents)
    for (const Diagnostic &d : document.shown[it->second.path])
      if (touches(d.range, range))
        found.push_back(d);
  return found;
}

std::optional<std::string> Workspace::textOf(const std::string &uri) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = documents.find(uri);
  if (it == documents.end())
    return std::nullopt;
  return it->second.text;
}

std::optional<contract::Fix> Workspace::fixFor(const std::string &uri,
                                               const std::string &fingerprint) {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = documents.find(uri);
  if (it == documents.end())
    return std::nullopt;
  auto fix = it->second.fixes.find(fingerprint);
  if (fix == it->second.fixes.end())
    return std::nullopt;
  return fix->second;
}

std::string Workspace::pageOf(llvm::StringRef rule) {
  return analyzer ? analyzer->pageOf(rule).str() : std::string();
}

//===----------------------------------------------------------------------===//
// Answers
//===----------------------------------------------------------------------===//

void Workspace::work() {
  std::unique_lock<std::mutex> lock(mutex);
  while (!stopping) {
    auto next = documents.end();
    for (auto it = documents.begin(); it != documents.end(); ++it)
      if (it->second.due &&
          (next == documents.end() || *it->second.due < *next->second.due))
        next = it;
    if (next == documents.end()) {
      if (!workOnFixes(lock))
        changed.wait(lock);
      continue;
    }
    if (*next->second.due > Clock::now()) {
      changed.wait_until(lock, *next->second.due);
      continue;
    }
    std::string uri = next->first, path = next->second.path;
    uint64_t generation = next->second.generation;
    next->second.due.reset();
    std::shared_ptr<const Buffers> texts = buffers();
    cancelled = false;

    lock.unlock();
    std::function<void()> endProgress = listener.beginProgress(
        "checking " + llvm::sys::path::filename(path).str());
    Answer answer = analyzer->analyze(path, texts);
    endProgress();
    lock.lock();

    auto it = documents.find(uri);
    if (it != documents.end() && it->second.generation == generation &&
        !cancelled)
      take(uri, std::move(answer));
  }
}

std::shared_ptr<const Buffers> Workspace::buffers() const {
  auto buffers = std::make_shared<Buffers>();
  for (const auto &[uri, document] : documents)
    (*buffers)[document.path] = document.text;
  return buffers;
}

bool Workspace::workOnFixes(std::unique_lock<std::mutex> &lock) {
  for (auto &[uri, document] : documents) {
    if (document.repairable.empty())
      continue;
    contract::Finding finding = std::move(document.repairable.back());
    document.repairable.pop_back();
    uint64_t generation = document.generation;
    std::string key = uri;
    std::shared_ptr<const Buffers> texts = buffers();
    lock.unlock();
    std::optional<contract::Fix> fix = analyzer->fixFor(finding, texts);
    lock.lock();
    auto it = documents.find(key);
    if (fix && it != documents.end() && it->second.generation == generation)
      it->second.fixes[finding.fingerprint] = std::move(*fix);
    return true;
  }
  return false;
}

void Workspace::take(const std::string &uri, Answer answer) {
  Document &document = documents[uri];
  document.fixes.clear();
  document.repairable = std::move(answer.repairable);
  if (!answer.failure.empty())
    tell(MessageType::Error, "mdlcheck: " + answer.failure);
  if (!answer.fallback.empty())
    tell(MessageType::Warning, "mdlcheck: " + answer.fallback);
  document.inputs = std::move(answer.inputs);
  if (!answer.error) {
    document.good = answer.diagnostics;
    document.hasGood = answer.failure.empty();
    show(document, std::move(answer.diagnostics));
    return;
  }
  // Half a function says little. What was right before the last words were
  // typed is closer to the truth; without that, there is what the rest says.
  Diagnostic note = *answer.error;
  if (document.hasGood) {
    answer.diagnostics = document.good;
    note.message = "does not compile, so the findings shown are those from "
                   "before: " +
                   note.message;
  } else {
    note.message =
        "does not compile, so findings may be missing: " + note.message;
  }
  answer.diagnostics[document.path].push_back(std::move(note));
  show(document, std::move(answer.diagnostics));
}

void Workspace::show(
    Document &document,
    std::map<std::string, std::vector<Diagnostic>> diagnostics) {
  std::set<std::string> files{document.path};
  for (const auto *map : {&document.shown, &diagnostics})
    for (const auto &[file, list] : *map)
      files.insert(file);
  document.shown = std::move(diagnostics);
  for (const std::string &file : files)
    publish(file);
}

void Workspace::publish(const std::string &path) {
  llvm::json::Array list;
  std::set<std::pair<std::string, std::string>> seen;
  std::string uri = report::fileUri(path);
  std::optional<int64_t> version;
  for (auto &[documentUri, document] : documents) {
    if (document.path == path) {
      uri = documentUri;
      version = document.version;
    }
    auto shown = document.shown.find(path);
    if (shown == document.shown.end())
      continue;
    // A mistake in a header is found from every document that includes it.
    for (const Diagnostic &d : shown->second)
      if (d.fingerprint.empty() || seen.insert({d.code, d.fingerprint}).second)
        list.push_back(toJSON(d));
  }
  llvm::json::Object params{{"uri", uri}, {"diagnostics", std::move(list)}};
  if (version)
    params["version"] = *version;
  listener.publish(std::move(params));
}

void Workspace::tell(MessageType type, const std::string &message) {
  if (told.insert(message).second)
    listener.showMessage(type, message);
}
