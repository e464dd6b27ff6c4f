//===-- Invocation.cpp ------------------------------------------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/Invocation.h"

#include "frontend/DiagnosticCollector.h"
#include "frontend/MacroRecorder.h"

#include "clang/Basic/DiagnosticOptions.h"
#include "clang/Basic/Version.h"
#include "clang/Driver/Compilation.h"
#include "clang/Driver/Driver.h"
#include "clang/Driver/Job.h"
#include "clang/Driver/Tool.h"
#include "clang/Driver/ToolChain.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "clang/Options/Options.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <mutex>
#include <optional>

#ifndef MDLCHECK_CLANG_RESOURCE_DIR
#define MDLCHECK_CLANG_RESOURCE_DIR ""
#endif

using namespace mdlcheck;
using namespace mdlcheck::frontend;
namespace options = clang::options;

namespace {

/// The targets' names and assemblers: the former to recognise a target in
/// the name of a compiler, the latter because Clang parses __asm with them.
void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmParsers();
  });
}

Diagnostic errorOfJob(std::string message) {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// The compiler's name
//===----------------------------------------------------------------------===//

/// What the first word of a command says.
struct Compiler {
  std::string executable;   ///< a path, where headers beside it may be found
  std::string mode;         ///< of the driver: "gcc", "g++", "cpp", "cl"
  std::string target;       ///< empty: the mode's default
  bool isMicrosoft = false; ///< cl.exe itself
};

/// The last component of a path of either style, in lower case and without
/// ".exe": a database made on Windows is read on any host.
std::string programName(llvm::StringRef program) {
  size_t slash = program.find_last_of("/\\");
  if (slash != llvm::StringRef::npos)
    program = program.substr(slash + 1);
  std::string name = program.lower();
  if (llvm::StringRef(name).ends_with(".exe"))
    name.resize(name.size() - 4);
  return name;
}

bool isWrapper(llvm::StringRef program) {
  return llvm::StringSwitch<bool>(programName(program))
      .Cases({"ccache", "sccache", "distcc", "icecc", "clcache", "buildcache"},
             true)
      .Default(false);
}

/// The target of cl.exe stands in its path (".../bin/Hostx64/arm64/cl.exe").
std::string targetOfMicrosoftPath(llvm::StringRef program) {
  std::string path = program.lower();
  llvm::SmallVector<llvm::StringRef, 16> parts;
  llvm::SplitString(path, parts, "/\\");
  llvm::StringRef parent = parts.size() > 1 ? parts[parts.size() - 2] : "";
  llvm::StringRef arch = llvm::StringSwitch<llvm::StringRef>(parent)
                             .Cases({"x86", "amd64_x86"}, "i686")
                             .Cases({"arm64", "amd64_arm64"}, "aarch64")
                             .Cases({"arm", "amd64_arm"}, "thumbv7")
                             .Default("x86_64");
  return (arch + "-pc-windows-msvc").str();
}

Compiler recognizeCompiler(llvm::StringRef program,
                           llvm::ArrayRef<const char *> args) {
  Compiler compiler;
  compiler.executable = program.str();
  std::string name = programName(program);
  // A bare name stands for what PATH says, as for the build.
  if (program.find_first_of("/\\") == llvm::StringRef::npos)
    if (auto found = llvm::sys::findProgramByName(program))
      compiler.executable = *found;

  clang::driver::ParsedClangName parsed =
      clang::driver::ToolChain::getTargetAndModeFromProgramName(name);
  if (parsed.TargetIsValid)
    compiler.target = parsed.TargetPrefix;
  // Distributions add the thread model: "x86_64-w64-mingw32-gcc-posix".
  size_t mingw = name.find("-mingw32");
  if (compiler.target.empty() && mingw != std::string::npos)
    compiler.target =
        name.substr(0, mingw + llvm::StringRef("-mingw32").size());

  llvm::StringRef mode =
      clang::driver::getDriverMode(name, args); // honours --driver-mode=
  compiler.mode = mode.empty() ? "gcc" : mode.str();
  compiler.isMicrosoft = name == "cl";
  if (compiler.mode == "cl" && compiler.target.empty())
    compiler.target = compiler.isMicrosoft ? targetOfMicrosoftPath(program)
                                           : "x86_64-pc-windows-msvc";
  return compiler;
}

//===----------------------------------------------------------------------===//
// The arguments
//===----------------------------------------------------------------------===//

/// Whether the cc1 option `arg` (of an -Xclang) must not reach the parser:
/// it writes something, loads something, or needs a precompiled header.
/// `takesValue` is set when its value follows in an -Xclang of its own.
bool isUnwantedCC1(llvm::StringRef arg, bool &takesValue) {
  takesValue = llvm::StringSwitch<bool>(arg)
                   .Cases({"-include-pch", "-load", "-plugin", "-add-plugin",
                           "-o", "-dependency-file", "-MT", "-main-file-name"},
                          true)
                   .Cases({"-analyzer-checker", "-analyzer-config",
                           "-analyzer-output", "-mllvm", "-coverage-file"},
                          true)
                   .Default(arg.starts_with("-plugin-arg-"));
  if (takesValue)
    return true;
  return arg.starts_with("-emit-") || arg.starts_with("-analyze") ||
         arg.starts_with("-fplugin") || arg.starts_with("-W") ||
         arg.starts_with("-ast-") || arg == "-verify" ||
         arg.starts_with("-verify=") || arg == "-E" || arg == "-S" ||
         arg == "-print-stats" || arg == "-version" || arg == "-help";
}

/// Whether a driver option is left out. What stays decides how the source
/// reads: macros, include paths, language, target.
bool isUnwanted(const llvm::opt::Arg &arg) {
  const llvm::opt::Option &option = arg.getOption();
  if (option.getKind() == llvm::opt::Option::UnknownClass ||
      option.hasFlag(options::Unsupported))
    return true; // gcc's or cl's own
  for (unsigned group : {options::OPT_Action_Group, options::OPT_M_Group,
                         options::OPT_Link_Group, options::OPT_W_Group,
                         options::OPT_R_Group, options::OPT_pedantic_Group,
                         options::OPT_d_Group, options::OPT_g_Group})
    if (option.matches(group))
      return true;

  switch (option.getUnaliasedOption().getID()) {
  // Outputs, and options that make the driver print something and stop.
  case options::OPT_o:
  case options::OPT__SLASH_o:
  case options::OPT__SLASH_Fo:
  case options::OPT__SLASH_Fe:
  case options::OPT__SLASH_Fi:
  case options::OPT__SLASH_Fd:
  case options::OPT__SLASH_FA:
  case options::OPT__SLASH_Fa:
  case options::OPT__SLASH_P:
  case options::OPT__SLASH_EP:
  case options::OPT__SLASH_showIncludes:
  case options::OPT__SLASH_showIncludes_user:
  case options::OPT__SLASH_link:
  case options::OPT__SLASH_MP:
  case options::OPT_help:
  case options::OPT__help_hidden:
  case options::OPT__HASH_HASH_HASH:
  case options::OPT__version:
  case options::OPT_v:
  case options::OPT_H:
  case options::OPT_save_temps_EQ:
  case options::OPT__serialize_diags:
  case options::OPT_gen_reproducer_eq:
  case options::OPT_ccc_print_phases:
  case options::OPT_ccc_print_bindings:
  case options::OPT_dumpversion:
  case options::OPT_dumpmachine:
  case options::OPT_ftime_report:
  case options::OPT_ftime_report_EQ:
  case options::OPT_ftime_trace:
  case options::OPT_ftime_trace_EQ:
  case options::OPT_fproc_stat_report:
  case options::OPT_fproc_stat_report_EQ:
  // Precompiled headers: the textual header is read instead.
  case options::OPT_include_pch:
  case options::OPT__SLASH_Yc:
  case options::OPT__SLASH_Yu:
  case options::OPT__SLASH_Y_:
  case options::OPT__SLASH_Fp:
  // Plugins and arguments of other tools.
  case options::OPT_fplugin_EQ:
  case options::OPT_fplugin_arg:
  case options::OPT_fpass_plugin_EQ:
  case options::OPT_Xassembler:
  case options::OPT_Xlinker:
  case options::OPT_Xpreprocessor:
  case options::OPT_Wa_COMMA:
  case options::OPT_mllvm:
  // Files they name may be gone, and nothing is generated.
  case options::OPT_fsanitize_EQ:
  case options::OPT_fsanitize_ignorelist_EQ:
  case options::OPT_fprofile_use:
  case options::OPT_fprofile_use_EQ:
  case options::OPT_fprofile_instr_use:
  case options::OPT_fprofile_instr_use_EQ:
  case options::OPT_fprofile_sample_use_EQ:
  case options::OPT_flto:
  case options::OPT_flto_EQ:
  // Ours: the builtin headers must be this Clang's.
  case options::OPT_resource_dir:
  case options::OPT_resource_dir_EQ:
  // Ours: no other input than the job's file.
  case options::OPT_INPUT:
  case options::OPT__DASH_DASH:
  case options::OPT_driver_mode:
  case options::OPT_ferror_limit_EQ:
  case options::OPT__SLASH_clang:
    return true;
  case options::OPT_Wp_COMMA: // -Wp,-MD,file as some makefiles have it
    return llvm::StringRef(arg.getValue()).starts_with("-M");
  default:
    return false;
  }
}

/// The options of a command that decide how its source reads.
struct KeptArguments {
  std::vector<std::string> args;
  std::string language; ///< "/Tc" or "/Tp" in front of the job's file
  bool hasMsVersion = false;
  bool hasToolchain = false; ///< /winsysroot and such
  bool hasNoMsExtensions = false;
};

void keepArguments(llvm::ArrayRef<const char *> args, bool clMode,
                   KeptArguments &kept) {
  unsigned missingIndex = 0, missingCount = 0;
  llvm::opt::InputArgList parsed = clang::getDriverOptTable().ParseArgs(
      args, missingIndex, missingCount,
      llvm::opt::Visibility(clMode ? options::CLOption : options::ClangOption));
  std::vector<std::string> fromClangPrefix;
  bool dropNextXclang = false;
  for (const llvm::opt::Arg *arg : parsed) {
    unsigned id = arg->getOption().getUnaliasedOption().getID();
    if (id == options::OPT__SLASH_clang) {
      fromClangPrefix.push_back(arg->getValue());
      continue;
    }
    if (id == options::OPT__SLASH_Tc || id == options::OPT__SLASH_Tp) {
      kept.language = id == options::OPT__SLASH_Tc ? "/TC" : "/TP";
      continue;
    }
    if (isUnwanted(*arg))
      continue;
    if (id == options::OPT_Xclang) {
      if (dropNextXclang) {
        dropNextXclang = false;
        continue;
      }
      if (isUnwantedCC1(arg->getValue(), dropNextXclang))
        continue;
    }
    kept.hasMsVersion |= id == options::OPT_fms_compatibility_version ||
                         id == options::OPT_fmsc_version;
    kept.hasToolchain |= id == options::OPT__SLASH_winsysroot ||
                         id == options::OPT__SLASH_vctoolsdir ||
                         id == options::OPT__SLASH_vctoolsversion;
    kept.hasNoMsExtensions |= id == options::OPT_fno_ms_extensions;
    // Rendered by the option the author spelled: in cl mode some names mean
    // another option than their unaliased form.
    const llvm::opt::Arg *written = arg->getAlias() ? arg->getAlias() : arg;
    llvm::opt::ArgStringList strings;
    written->render(parsed, strings);
    kept.args.insert(kept.args.end(), strings.begin(), strings.end());
  }
  if (fromClangPrefix.empty())
    return;
  // The values of /clang: are one gcc-style command of their own; those of
  // an option with a separate value stand next to each other.
  std::vector<const char *> pointers;
  for (const std::string &arg : fromClangPrefix)
    pointers.push_back(arg.c_str());
  KeptArguments inner;
  keepArguments(pointers, /*clMode=*/false, inner);
  for (const std::string &arg : inner.args)
    kept.args.push_back("/clang:" + arg);
  kept.hasMsVersion |= inner.hasMsVersion;
  kept.hasNoMsExtensions |= inner.hasNoMsExtensions;
}

} // namespace

//===----------------------------------------------------------------------===//
// Resource directory
//===----------------------------------------------------------------------===//

std::string
mdlcheck::frontend::findResourceDir(const FrontendOptions &options) {
  if (!options.resourceDir.empty())
    return options.resourceDir;
  static const std::string found = []() -> std::string {
    auto isResourceDir = [](const llvm::Twine &dir) {
      return llvm::sys::fs::is_directory(dir + "/include");
    };
    if (isResourceDir(MDLCHECK_CLANG_RESOURCE_DIR))
      return MDLCHECK_CLANG_RESOURCE_DIR;
    // Moved since: an installation keeps them at <prefix>/lib/clang/<major>.
    static int anchor;
    llvm::SmallString<256> prefix(
        llvm::sys::fs::getMainExecutable(nullptr, &anchor));
    llvm::sys::path::remove_filename(prefix);
    llvm::sys::path::remove_filename(prefix);
    llvm::sys::path::append(prefix, "lib", "clang", CLANG_VERSION_MAJOR_STRING);
    return isResourceDir(prefix) ? std::string(prefix) : std::string();
  }();
  return found;
}

//===----------------------------------------------------------------------===//
// The invocation
//===----------------------------------------------------------------------===//

std::shared_ptr<clang::CompilerInvocation> mdlcheck::frontend::makeInvocation(
    const CompileJob &job, const FrontendOptions &frontendOptions,
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
    std::vector<Diagnostic> &diagnostics) {
  initializeTargets();

  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver(allocator);
  llvm::SmallVector<const char *, 64> args;
  for (const std::string &arg : job.arguments)
    args.push_back(saver.save(arg).data());
  while (args.size() > 1 && isWrapper(args.front()))
    args.erase(args.begin());
  if (args.empty()) {
    diagnostics.push_back(
        errorOfJob("the compile command for '" + job.file +
                   "' is empty; generate the compile database again"));
    return nullptr;
  }

  Compiler compiler = recognizeCompiler(
      args.front(), llvm::ArrayRef<const char *>(args).drop_front());
  bool clMode = compiler.mode == "cl";

  llvm::cl::ExpansionContext expansion(
      allocator,
      clMode ? llvm::cl::TokenizeWindowsCommandLine
             : llvm::cl::TokenizeGNUCommandLine,
      fs.get());
  llvm::SmallString<256> directory(job.directory);
  fs->makeAbsolute(directory);
  expansion.setCurrentDir(directory);
  if (llvm::Error error = expansion.expandResponseFiles(args))
    diagnostics.push_back(errorOfJob("in the compile command for '" + job.file +
                                     "': " + llvm::toString(std::move(error))));
  for (const char *arg : llvm::ArrayRef<const char *>(args).drop_front())
    if (arg && arg[0] == '@')
      diagnostics.push_back(errorOfJob(
          "the response file '" + std::string(arg + 1) +
          "' of the compile command for '" + job.file +
          "' cannot be read; build the project once so that it exists"));

  KeptArguments kept;
  keepArguments(llvm::ArrayRef<const char *>(args).drop_front(), clMode, kept);

  // The target first, so that the command's own wins.
  std::vector<std::string> command{compiler.executable,
                                   "--driver-mode=" + compiler.mode};
  if (!compiler.target.empty())
    command.push_back("--target=" + compiler.target);
  command.push_back(clMode ? "/clang:-fsyntax-only" : "-fsyntax-only");
  if (std::string resourceDir = findResourceDir(frontendOptions);
      !resourceDir.empty()) {
    if (clMode)
      command.push_back("-resource-dir=" + resourceDir);
    else {
      command.push_back("-resource-dir");
      command.push_back(resourceDir);
    }
  }
#ifndef _WIN32
  // Without an installed toolset the driver would claim to be a version that
  // the headers of an older kit have not heard of.
  if (clMode && !kept.hasMsVersion && !kept.hasToolchain)
    command.push_back("-fms-compatibility-version=19.20");
#endif
  command.insert(command.end(), kept.args.begin(), kept.args.end());
  if (!kept.language.empty())
    command.push_back(kept.language);
  command.push_back("--");
  command.push_back(job.file);

  llvm::SmallVector<const char *, 64> driverArgs;
  for (const std::string &arg : command)
    driverArgs.push_back(arg.c_str());

  DiagnosticCollector driverDiagnostics;
  clang::DiagnosticOptions driverOptions;
  llvm::IntrusiveRefCntPtr<clang::DiagnosticsEngine> engine =
      clang::CompilerInstance::createDiagnostics(
          *fs, driverOptions, &driverDiagnostics, /*ShouldOwnClient=*/false);
  clang::driver::Driver driver(compiler.executable,
                               llvm::sys::getDefaultTargetTriple(), *engine,
                               "mdlcheck", fs);
  driver.setCheckInputsExist(false);
  driver.setProbePrecompiled(false);
  std::unique_ptr<clang::driver::Compilation> compilation(
      driver.BuildCompilation(driverArgs));

  const clang::driver::Command *parseCommand = nullptr;
  if (compilation)
    for (const clang::driver::Command &candidate : compilation->getJobs())
      if (llvm::StringRef(candidate.getCreator().getName()) == "clang") {
        parseCommand = &candidate;
        break;
      }
  if (!parseCommand) {
    std::string why = "it does not compile C or C++";
    if (!driverDiagnostics.diagnostics.empty())
      why = driverDiagnostics.diagnostics.front().message;
    diagnostics.push_back(errorOfJob(
        "the compile command for '" + job.file + "' is of no use: " + why +
        "; correct it in the compile database or give flags after '--'"));
    return nullptr;
  }
  // What the driver did not like beyond that concerns code generation and
  // linking, or shows again below.

  llvm::opt::ArgStringList cc1Args = parseCommand->getArguments();
  const llvm::Triple &triple = compilation->getDefaultToolChain().getTriple();
  // mingw's headers and GCC spell __try otherwise; sources shared with other
  // compilers have it as it is.
  if (triple.isOSWindows() && !kept.hasNoMsExtensions)
    cc1Args.push_back("-fms-extensions");

  DiagnosticCollector cc1Diagnostics;
  clang::DiagnosticOptions cc1Options;
  engine = clang::CompilerInstance::createDiagnostics(
      *fs, cc1Options, &cc1Diagnostics, /*ShouldOwnClient=*/false);
  auto invocation = std::make_shared<clang::CompilerInvocation>();
  clang::CompilerInvocation::CreateFromArgs(*invocation, cc1Args, *engine);
  for (Diagnostic &diagnostic : cc1Diagnostics.diagnostics)
    diagnostics.push_back(std::move(diagnostic));

  keepToParsing(*invocation);
  return invocation;
}

void mdlcheck::frontend::keepToParsing(clang::CompilerInvocation &invocation) {
  clang::FrontendOptions &frontend = invocation.getFrontendOpts();
  frontend.ProgramAction = clang::frontend::ParseSyntaxOnly;
  frontend.DisableFree = false;
  frontend.ShowStats = false;
  frontend.OutputFile.clear();
  frontend.Plugins.clear();
  invocation.getCodeGenOpts().DisableFree = false;
  invocation.getDependencyOutputOpts() = clang::DependencyOutputOptions();

  clang::DiagnosticOptions &diagnosticOptions = invocation.getDiagnosticOpts();
  // Also keeps Sema from the analyses that only feed warnings.
  diagnosticOptions.IgnoreWarnings = true;
  diagnosticOptions.Warnings.clear();
  diagnosticOptions.Remarks.clear();
  diagnosticOptions.Pedantic = false;
  diagnosticOptions.PedanticErrors = false;
  diagnosticOptions.ErrorLimit = 0;
  diagnosticOptions.ShowCarets = false; // nor "2 errors generated"
  diagnosticOptions.DiagnosticLogFile.clear();
  diagnosticOptions.DiagnosticSerializationFile.clear();
  diagnosticOptions.DiagnosticSuppressionMappingsFile.clear();
  diagnosticOptions.VerifyDiagnostics = false;

  clang::LangOptions &language = invocation.getLangOpts();
  language.SpellChecking = false;
  language.CommentOpts.ParseAllComments = false;
  language.RetainCommentsFromSystemHeaders = false;

  clang::PreprocessorOptions &macros = invocation.getPreprocessorOpts();
  const char *assume = language.MicrosoftExt ? "__assume" : "__builtin_assume";
  macros.addMacroDef(
      (llvm::Twine(kAssumption) + "(e)=" + assume + "(!!(e))").str());
  macros.addMacroDef((llvm::Twine(kTraceCall) + "(...)=((void)0)").str());
}

//===----------------------------------------------------------------------===//
// The compilation
//===----------------------------------------------------------------------===//

void mdlcheck::frontend::runAction(
    std::shared_ptr<clang::CompilerInvocation> invocation,
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
    clang::DiagnosticConsumer &collector, clang::FrontendAction &action) {
  clang::CompilerInstance compiler(std::move(invocation));
  compiler.setVerboseOutputStream(std::make_unique<llvm::raw_null_ostream>());
  // Here the -ivfsoverlay files take effect.
  compiler.createVirtualFileSystem(std::move(fs), &collector);
  compiler.createDiagnostics(&collector, /*ShouldOwnClient=*/false);
  clang::DiagnosticsEngine &engine = compiler.getDiagnostics();
  // A missing header is Clang's commonest fatal error, and after a fatal one
  // nothing else is reported or instantiated. Here it is an error like
  // others: what does not depend on that header is still analysed.
  engine.setFatalsAsError(true);
  acceptWhatCompilersAccept(engine);
  compiler.createFileManager();
  compiler.createSourceManager();
  compiler.ExecuteAction(action);
}
