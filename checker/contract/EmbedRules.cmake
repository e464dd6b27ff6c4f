# Writes OUT, a C++ file with the rules and the rules' pages under ROOT.
file(GLOB paths RELATIVE ${ROOT} ${ROOT}/rules/*.yaml ${ROOT}/rules/*/*.yaml
     ${ROOT}/test-corpus/*/README.md)
list(SORT paths)

set(arrays "")
set(table "")
set(count 0)
foreach(path ${paths})
  file(READ ${ROOT}/${path} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  # Ends with a zero, so that an empty file is no empty array.
  string(APPEND arrays "const unsigned char kFile${count}[] = {${bytes}0};\n")
  string(APPEND table "    {\"${path}\", kFile${count}, ${size}},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE ${OUT}.new "// Made by EmbedRules.cmake.
#include \"contract/EmbeddedRules.h\"

namespace mdlcheck::contract {
namespace {
${arrays}} // namespace

const EmbeddedFile kEmbeddedFiles[] = {
${table}    {nullptr, nullptr, 0}};
const size_t kEmbeddedFileCount = ${count};
} // namespace mdlcheck::contract
")
file(RENAME ${OUT}.new ${OUT})
