//===-- Findings.h - order, repetitions and fingerprints ------*- C++ -*-===//
//
// Part of mdlcheck, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef MDLCHECK_REPORT_FINDINGS_H
#define MDLCHECK_REPORT_FINDINGS_H

#include "contract/Finding.h"
#include "contract/RuleSet.h"
#include "report/Sources.h"

#include <vector>

namespace mdlcheck::report {

/// Sorts `findings` and keeps one of each: a mistake in a header turns up in
/// every unit that includes it. Of equal ones that with the shortest path
/// stays. The result does not depend on the order on entry.
void sortFindings(std::vector<contract::Finding> &findings);

/// Fills in the fingerprints of sorted findings: a hash over the rule, the
/// name of the file, the function, the object and the text of the line
/// without its white space, and a count where all of these are equal. Lines
/// that come and go elsewhere do not change it, and neither does the folder
/// the sources lie in.
void assignFingerprints(std::vector<contract::Finding> &findings,
                        const contract::RuleSet &rules, Sources &sources);

/// The same without the name of the file and the count: what a finding is
/// known by after its file was renamed. 16 hexadecimal digits.
std::string contextHash(const contract::Finding &finding,
                        const contract::RuleSet &rules, Sources &sources);

} // namespace mdlcheck::report

#endif // MDLCHECK_REPORT_FINDINGS_H
