//===-- Workspace.h - open documents and their answers ----------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Documents change on the thread that reads messages; they are analysed on one
// of its own, a moment after the last change. An answer to a text that has
// changed since is thrown away.
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_LSP_WORKSPACE_H
#define MDLCHECK_LSP_WORKSPACE_H

#include "lsp/Analyzer.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace mdlcheck::lsp {

/// What the workspace tells the editor; called from any thread.
struct Listener {
  std::function<void(llvm::json::Value params)> publish;
  std::function<void(llvm::lsp::MessageType, std::string)> showMessage;
  /// An analysis begins; what is returned is called when it ends.
  std::function<std::function<void()>(std::string title)> beginProgress;
};

class Workspace {
public:
  explicit Workspace(Listener listener);
  /// Waits for the analysis that is running.
  ~Workspace();

  /// Starts to analyse. `pause`: how long nothing is typed before.
  void start(std::unique_ptr<Analyzer> analyzer,
             std::chrono::milliseconds pause);

  void open(const std::string &uri, const std::string &path, int64_t version,
            std::string text);
  void
  change(const std::string &uri, int64_t version,
         llvm::ArrayRef<llvm::lsp::TextDocumentContentChangeEvent> changes);
  void save(const std::string &uri);
  void close(const std::string &uri);
  /// Throws the answer of the analysis away that is running.
  void cancel();

  /// What is shown in the document at places that touch `range`.
  std::vector<Diagnostic> at(const std::string &uri, llvm::lsp::Range range);
  /// The text of an open document; none when it is not open.
  std::optional<std::string> textOf(const std::string &uri);
  /// The fix for a finding in the document, once it is known.
  std::optional<contract::Fix> fixFor(const std::string &uri,
                                      const std::string &fingerprint);
  /// The page of a rule, Markdown.
  std::string pageOf(llvm::StringRef rule);

private:
  using Clock = std::chrono::steady_clock;
  struct Document {
    std::string path;
    int64_t version = 0;
    std::string text;
    uint64_t generation = 0; ///< grows with every change to what it reads
    std::optional<Clock::time_point> due;
    std::set<std::string> inputs;
    /// Of the last text that could be read whole, by file.
    std::map<std::string, std::vector<Diagnostic>> good;
    bool hasGood = false;
    /// What a fix is looked for when there is nothing else to do, and what
    /// was found, by fingerprint. Of this generation.
    std::vector<contract::Finding> repairable;
    std::map<std::string, contract::Fix> fixes;
    /// What is shown now, by file.
    std::map<std::string, std::vector<Diagnostic>> shown;
  };

  void work();
  /// Looks for one fix; false when there is none to look for.
  bool workOnFixes(std::unique_lock<std::mutex> &lock);
  std::shared_ptr<const Buffers> buffers() const;
  void take(const std::string &uri, Answer answer);
  void show(Document &document,
            std::map<std::string, std::vector<Diagnostic>> diagnostics);
  void publish(const std::string &path);
  void scheduleIncluders(const std::string &path, Clock::time_point when);
  void tell(llvm::lsp::MessageType type, const std::string &message);

  Listener listener;
  std::unique_ptr<Analyzer> analyzer;
  std::chrono::milliseconds pause{};
  std::mutex mutex; ///< guards all below
  std::condition_variable changed;
  std::map<std::string, Document> documents; ///< by URI
  std::set<std::string> told;                ///< messages, each once
  bool cancelled = false;
  bool stopping = false;
  std::thread worker;
};

} // namespace mdlcheck::lsp

#endif // MDLCHECK_LSP_WORKSPACE_H
