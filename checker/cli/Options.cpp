//===-- Options.cpp ---------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cli/Options.h"

#include "cli/OptionTable.h"
#include "support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/CommandLine.h"

#include <algorithm>

using namespace mdlcheck;
using namespace mdlcheck::cli;

llvm::Error cli::badValue(llvm::StringRef option, llvm::StringRef value,
                          llvm::StringRef expected) {
  return inputError(
      ("invalid value '" + value + "' for " + option + "; it takes " + expected)
          .str());
}

namespace {

template <bool Options::*Flag>
llvm::Error setFlag(Options &options, llvm::StringRef) {
  options.*Flag = true;
  return llvm::Error::success();
}

llvm::Error setFormat(Options &options, llvm::StringRef value) {
  auto format = llvm::StringSwitch<std::optional<report::Format>>(value)
                    .Case("text", report::Format::Text)
                    .Case("sarif", report::Format::Sarif)
                    .Case("json", report::Format::Json)
                    .Case("github", report::Format::Github)
                    .Case("gitlab", report::Format::Gitlab)
                    .Case("html", report::Format::Html)
                    .Default(std::nullopt);
  if (!format)
    return badValue("--format", value,
                    "text, sarif, json, github, gitlab or html");
  options.format = *format;
  return llvm::Error::success();
}

template <report::Format Format>
llvm::Error alsoWrite(Options &options, llvm::StringRef value) {
  options.alsoWrite.push_back({Format, value.str()});
  return llvm::Error::success();
}

llvm::Error setFailOn(Options &options, llvm::StringRef value) {
  using contract::Severity;
  auto least = llvm::StringSwitch<report::FailOn>(value)
                   .Case("note", Severity::Note)
                   .Case("warning", Severity::Warning)
                   .Case("error", Severity::Error)
                   .Default(std::nullopt);
  if (!least && value != "none")
    return badValue("--fail-on", value, "none, note, warning or error");
  options.policy.failOn.emplace(least);
  return llvm::Error::success();
}

llvm::Error setColor(Options &options, llvm::StringRef value) {
  auto color = llvm::StringSwitch<std::optional<Choice>>(value)
                   .Case("auto", Choice::Auto)
                   .Case("always", Choice::Always)
                   .Case("never", Choice::Never)
                   .Default(std::nullopt);
  if (!color)
    return badValue("--color", value, "auto, always or never");
  options.color = *color;
  return llvm::Error::success();
}

llvm::Error setThreads(Options &options, llvm::StringRef value) {
  if (value.getAsInteger(10, options.threads) || options.threads > 1024)
    return badValue("-j", value,
                    "a number of threads up to 1024, 0 for one a processor");
  return llvm::Error::success();
}

llvm::Error setCache(Options &options, llvm::StringRef value) {
  options.cacheDirectory = value.str();
  return llvm::Error::success();
}

llvm::Error setCacheSize(Options &options, llvm::StringRef value) {
  llvm::StringRef number = value;
  unsigned shift = number.consume_back_insensitive("K")   ? 10
                   : number.consume_back_insensitive("M") ? 20
                   : number.consume_back_insensitive("G") ? 30
                                                          : 0;
  uint64_t count = 0;
  if (number.getAsInteger(10, count) || count > (UINT64_MAX >> shift))
    return badValue("--cache-size", value,
                    "a number of bytes, with K, M or G for larger units");
  options.cacheBytes = count << shift;
  return llvm::Error::success();
}

llvm::Error setBuildDir(Options &options, llvm::StringRef value) {
  options.input.buildDir = value.str();
  return llvm::Error::success();
}

llvm::Error setOutput(Options &options, llvm::StringRef value) {
  options.output = value.str();
  return llvm::Error::success();
}

llvm::Error setRules(Options &options, llvm::StringRef value) {
  options.policy.rules = value.str();
  return llvm::Error::success();
}

llvm::Error setProfile(Options &options, llvm::StringRef value) {
  options.policy.profile = report::Config::profileNamed(value);
  if (!options.policy.profile)
    return inputError("--profile is one of default, all, none, sdv");
  return llvm::Error::success();
}

llvm::Error setConfigFile(Options &options, llvm::StringRef value) {
  options.policy.configFile = value.str();
  return llvm::Error::success();
}

llvm::Error setNoConfig(Options &options, llvm::StringRef) {
  options.policy.ignoreConfig = true;
  return llvm::Error::success();
}

llvm::Error addContracts(Options &options, llvm::StringRef value) {
  options.contractFiles.push_back(value.str());
  return llvm::Error::success();
}

llvm::Error setExplain(Options &options, llvm::StringRef value) {
  options.explain = value.str();
  return llvm::Error::success();
}

llvm::Error setBaseline(Options &options, llvm::StringRef value) {
  options.policy.baseline = value.str();
  return llvm::Error::success();
}

llvm::Error setWriteBaseline(Options &options, llvm::StringRef value) {
  options.writeBaseline = value.str();
  return llvm::Error::success();
}

llvm::Error setDiff(Options &options, llvm::StringRef value) {
  if (value.size() > 1 && value.front() == '-')
    return badValue("--diff", value,
                    "a revision or range of git, or - for a unified diff on "
                    "standard input");
  options.diff = value.str();
  return llvm::Error::success();
}

llvm::Error setScope(Options &options, bool wholeProgram) {
  if (options.wholeProgram && *options.wholeProgram != wholeProgram)
    return inputError("--unit-only and --whole-program exclude each other");
  options.wholeProgram = wholeProgram;
  return llvm::Error::success();
}

llvm::Error setUnitOnly(Options &options, llvm::StringRef) {
  return setScope(options, false);
}

llvm::Error setWholeProgram(Options &options, llvm::StringRef) {
  return setScope(options, true);
}

constexpr OptionInfo kOptions[] = {
    {"p", "BUILD_DIR",
     "where compile_commands.json is; without it the next one above each "
     "file, or above the current directory, is taken, there or in build/",
     setBuildDir},
    {"format", "text|sarif|json|github|gitlab|html",
     "how findings are written; text is the default; github: annotations of a "
     "workflow run, gitlab: a Code Quality report, html: a page to look at",
     setFormat},
    {"o", "FILE", "write the findings to FILE instead of standard output",
     setOutput},
    {"sarif", "FILE",
     "write SARIF to FILE, too, as code scanning services take it",
     alsoWrite<report::Format::Sarif>},
    {"full-sarif", "FILE",
     "write SARIF to FILE, too, with all results and steps, and what is "
     "suppressed",
     alsoWrite<report::Format::FullSarif>},
    {"rules", "LIST",
     "rules to check for: ids and patterns separated by commas, switched off "
     "with a '-' in front; a list that begins with '-' starts from the "
     "default, "
     "any other from nothing (--rules=mdl-*,-mdl-leak)",
     setRules},
    {"profile", "default|all|none|sdv",
     "the rules to start from, whatever a .mdlcheck.yaml says; sdv: those that "
     "stand for rules of Static Driver Verifier",
     setProfile},
    {"config-file", "FILE",
     "read FILE in place of the .mdlcheck.yaml in the nearest directory above "
     "each file",
     setConfigFile},
    {"no-config", "", "read no .mdlcheck.yaml", setNoConfig},
    {"dump-config", "",
     "print the configuration that holds for the first FILE, or the current "
     "directory, and exit",
     setFlag<&Options::dumpConfig>},
    {"unused-suppressions", "",
     "warn of NOLINT comments that name a rule and suppress nothing; the exit "
     "code counts them as findings of severity warning",
     setFlag<&Options::unusedSuppressions>},
    {"contracts", "FILE",
     "contracts of your own wrappers, in YAML; may be given several times",
     addContracts},
    {"html", "FILE", "write a page to look at to FILE, too",
     alsoWrite<report::Format::Html>},
    {"fix", "",
     "repair in the sources what can be repaired with certainty, then say what "
     "is left",
     setFlag<&Options::fix>},
    {"baseline", "FILE",
     "leave out findings that are in FILE, and tell which of those are fixed",
     setBaseline},
    {"write-baseline", "FILE",
     "write all findings to FILE, for --baseline; the exit code does not count "
     "them",
     setWriteBaseline},
    {"diff", "BASE|-",
     "only findings whose path runs through lines that changed since BASE, a "
     "revision or range of git, or in the unified diff on standard input",
     setDiff},
    {"fail-on", "none|note|warning|error",
     "the least severity of a finding that makes the exit code 1; warning is "
     "the default",
     setFailOn},
    {"j", "N",
     "analyse N files at a time; as many as there are processors is the "
     "default",
     setThreads},
    {"unit-only", "",
     "analyse each file on its own: a function in another file is an unknown "
     "one; the default when files are named",
     setUnitOnly},
    {"whole-program", "",
     "analyse the files together, as the drivers they make; the default for "
     "all "
     "files of a compile database",
     setWholeProgram},
    {"cache", "DIR",
     "keep what was parsed and analysed in DIR; mdlcheck in $XDG_CACHE_HOME "
     "or ~/.cache is the default, or $MDLCHECK_CACHE_DIR",
     setCache},
    {"cache-size", "BYTES",
     "how large the cache may grow, with K, M or G; 2G is the default",
     setCacheSize},
    {"no-cache", "", "keep nothing, and use nothing that was kept",
     setFlag<&Options::noCache>},
    {"coverage", "",
     "after the findings, name the functions that were not analysed or with "
     "less precision, with the reason, and the unknown functions that were "
     "given a tracked object",
     setFlag<&Options::coverage>},
    {"stats", "", "print times and counts to standard error",
     setFlag<&Options::stats>},
    {"quiet", "", "print findings and errors only: no summary, no progress",
     setFlag<&Options::quiet>},
    {"color", "auto|always|never",
     "colour in text; auto is the default: on a terminal, unless NO_COLOR is "
     "set",
     setColor},
    {"list-rules", "", "list the rules and exit", setFlag<&Options::listRules>},
    {"explain", "RULE", "show what RULE finds and how to fix it, and exit",
     setExplain},
    {"dump-ir", "", "print the program graph of each file and exit",
     setFlag<&Options::dumpIr>},
    {"version", "", "print the version and exit", setFlag<&Options::version>},
    {"help", "", "print this help and exit", setFlag<&Options::help>},
};

const OptionInfo *optionNamed(llvm::StringRef name) {
  if (name == "h")
    name = "help";
  for (llvm::ArrayRef<OptionInfo> table :
       {llvm::ArrayRef<OptionInfo>(kOptions), tidyOptions()})
    for (const OptionInfo &info : table)
      if (info.name == name)
        return &info;
  return nullptr;
}

std::string spelling(const OptionInfo &info) {
  return std::string(info.name.size() == 1 ? "-" : "--") += info.name;
}

llvm::Error unknownOption(llvm::StringRef argument) {
  llvm::StringRef name = argument.ltrim('-').split('=').first;
  std::string message = ("unknown option '" + argument + "'").str();
  const OptionInfo *nearest = nullptr;
  // Nothing is near a single letter.
  unsigned bestDistance = std::min<size_t>(3, name.size());
  for (const OptionInfo &info : kOptions) {
    unsigned distance = name.edit_distance(info.name, true, bestDistance);
    if (info.name.size() > 1 && distance < bestDistance) {
      bestDistance = distance;
      nearest = &info;
    }
  }
  if (nearest)
    message += "; did you mean '" + spelling(*nearest) + "'?";
  else
    message += "; mdlcheck --help lists the options (compiler flags go after "
               "'--')";
  return inputError(message);
}

class Parser {
public:
  explicit Parser(llvm::ArrayRef<const char *> arguments) : rest(arguments) {}

  llvm::Expected<Options> parse() {
    while (!rest.empty()) {
      llvm::StringRef argument = rest.front();
      rest = rest.drop_front();
      if (argument == "--") {
        options.input.hasFlags = true;
        options.input.flags.assign(rest.begin(), rest.end());
        break;
      }
      if (argument.size() > 1 && argument.front() == '-') {
        if (llvm::Error error = takeOption(argument))
          return error;
      } else if (argument.empty()) {
        return inputError("an empty file name was given");
      } else if (argument.front() == '@') {
        return inputError(argument.substr(1).str(), 0, "no such response file");
      } else if (argument == "-") {
        readsStandardInput = true;
      } else {
        options.input.files.push_back(argument.str());
      }
    }
    // Scripts ask clang-tidy for its checks with "-" in place of a file.
    if (readsStandardInput && !options.tidy.listChecks)
      return inputError("source cannot be read from standard input; give the "
                        "name of a file");
    return std::move(options);
  }

private:
  // "--name=value", "--name value", with one dash or two, and "-jN".
  llvm::Error takeOption(llvm::StringRef argument) {
    llvm::StringRef body = argument;
    body.consume_front("-");
    body.consume_front("-");
    auto [name, value] = body.split('=');
    bool hasValue = body.contains('=');
    const OptionInfo *info = optionNamed(name);
    if (!info && !argument.starts_with("--") && body.size() > 1) {
      info = optionNamed(body.take_front());
      // "-j4" is one, "-output" and "-print" are misspelled options.
      if (info && (info->name != "j" || !llvm::isDigit(body[1])))
        info = nullptr;
      value = body.drop_front();
      hasValue = true;
    }
    if (!info)
      return unknownOption(argument);
    if (info->valueName.empty()) {
      if (hasValue)
        return inputError(spelling(*info) + " takes no value");
      return info->handler(options, {});
    }
    if (!hasValue && info->isOptional)
      return info->handler(options, {});
    if (!hasValue) {
      if (rest.empty() || llvm::StringRef(rest.front()) == "--")
        return inputError(
            spelling(*info) + " needs a value: " + spelling(*info) +
            (info->name.size() == 1 ? " " : "=") + info->valueName.str());
      value = rest.front();
      rest = rest.drop_front();
    }
    if (value.empty() && !info->mayBeEmpty)
      return inputError(spelling(*info) +
                        " was given an empty value; it needs " +
                        info->valueName.str());
    return info->handler(options, value);
  }

  llvm::ArrayRef<const char *> rest;
  Options options;
  bool readsStandardInput = false;
};

} // namespace

llvm::Expected<Options>
cli::parseOptions(llvm::ArrayRef<const char *> arguments) {
  llvm::BumpPtrAllocator allocator;
  llvm::SmallVector<const char *, 64> expanded(arguments.begin(),
                                               arguments.end());
  llvm::cl::ExpansionContext context(allocator,
                                     llvm::cl::TokenizeGNUCommandLine);
  if (llvm::Error error = context.expandResponseFiles(expanded))
    return inputError("response file: " + llvm::toString(std::move(error)));
  return Parser(expanded).parse();
}

// Wraps `text` into a column that starts at `indent`; the cursor is there.
static void printWrapped(llvm::StringRef text, unsigned indent,
                         llvm::raw_ostream &os) {
  constexpr unsigned kWidth = 80;
  unsigned column = indent;
  while (!text.empty()) {
    auto [word, rest] = text.split(' ');
    text = rest;
    if (column > indent && column + 1 + word.size() > kWidth) {
      os << '\n';
      os.indent(indent);
      column = indent;
    } else if (column > indent) {
      os << ' ';
      ++column;
    }
    os << word;
    column += word.size();
  }
  os << '\n';
}

static void printOptions(llvm::ArrayRef<OptionInfo> options,
                         llvm::raw_ostream &os) {
  constexpr unsigned kIndent = 26;
  for (const OptionInfo &info : options) {
    if (info.help == "ignored")
      continue;
    std::string left = "  " + spelling(info);
    if (!info.valueName.empty())
      left += (info.name.size() == 1 ? " " : "=") + info.valueName.str();
    os << left;
    if (left.size() + 2 > kIndent) {
      os << '\n';
      os.indent(kIndent);
    } else {
      os.indent(kIndent - left.size());
    }
    printWrapped(info.help, kIndent, os);
  }
}

void cli::printHelp(llvm::raw_ostream &os) {
  os << "Finds MDL, page-locking and IRQL mistakes in Windows driver source, "
        "each with\nthe path that leads to it.\n\n"
        "usage: mdlcheck [-p BUILD_DIR] [options] [FILE...]\n"
        "       mdlcheck [options] FILE... -- COMPILER_FLAGS\n\n"
        "Without FILE, all files of the compile database are analysed. "
        "@FILE stands for\nthe arguments in FILE.\n\n"
        "options:\n";
  printOptions(kOptions, os);
  os << "\nas clang-tidy has them, for scripts and editors that run mdlcheck "
        "in "
        "its place:\n";
  printOptions(tidyOptions(), os);
  os << "\nexit code:\n"
        "  0  nothing found\n"
        "  1  there are findings of at least the --fail-on severity\n"
        "  2  the command line was wrong, or some input could not be analysed; "
        "what is\n"
        "     found in the rest is still printed, and 2 wins over 1\n";
}
