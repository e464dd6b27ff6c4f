# Writes OUT, a C++ file with the page under DIR: page.html with page.css and
# page.js in it.
file(READ ${DIR}/page.html page HEX)
foreach(part css js)
  file(READ ${DIR}/page.${part} text HEX)
  string(TOUPPER ${part} mark)
  string(HEX "@${mark}@" mark)
  string(FIND "${page}" "${mark}" at)
  string(LENGTH "${mark}" size)
  string(SUBSTRING "${page}" 0 ${at} before)
  math(EXPR at "${at} + ${size}")
  string(SUBSTRING "${page}" ${at} -1 after)
  set(page "${before}${text}${after}")
endforeach()
string(LENGTH "${page}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${page}")
file(WRITE ${OUT}.new "// Made by EmbedPage.cmake.
#include \"report/HtmlPage.h\"

namespace mdlcheck::report {
const unsigned char kHtmlPage[] = {${bytes}0};
const size_t kHtmlPageSize = ${size};
} // namespace mdlcheck::report
")
file(RENAME ${OUT}.new ${OUT})
