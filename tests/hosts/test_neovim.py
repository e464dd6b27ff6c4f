"""The language server in Neovim, with the configuration from the page on editors."""

import json
import os
import pathlib
import re

from harness import DOUBLE_UNLOCK, DOUBLE_UNLOCK_LINE, MDLCHECK, ROOT, MdlcheckTest
from tools import run

SCRIPT = """\
local function waitFor(count)
  return vim.wait(60000, function() return #vim.diagnostic.get(0) == count end, 50)
end
local result = { first = waitFor(1), diagnostics = vim.diagnostic.get(0) }
local row = result.diagnostics[1].lnum
local position = { textDocument = vim.lsp.util.make_text_document_params(),
                   position = { line = row, character = 6 } }
for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/hover', position, 10000)) do
  result.hover = answer.result.contents.value
end
local old = vim.api.nvim_buf_get_lines(0, row, row + 1, true)
vim.api.nvim_buf_set_lines(0, row, row + 1, true, {})
result.gone = waitFor(0)
vim.api.nvim_buf_set_lines(0, row, row, true, old)
result.again = waitFor(1)
vim.fn.writefile({ vim.fn.json_encode(result) }, 'result.json')
vim.cmd('qa!')
"""


class Neovim(MdlcheckTest):
    def test_configuration_from_the_page(self):
        page = (ROOT / "checker/lsp/README.md").read_text()
        config = re.search(r"## Neovim.*?```lua\n(.*?)```", page, re.S).group(1)
        self.write("init.lua", config)
        self.write("script.lua", SCRIPT)
        self.write("d.c", DOUBLE_UNLOCK)
        self.database(["d.c"])
        done = run("nvim", "--headless", "-n", "-i", "NONE", "-u", "init.lua", "d.c",
                   "-c", "luafile script.lua", cwd=self.dir,
                   env={"PATH": f"{pathlib.Path(MDLCHECK).parent}:{os.environ['PATH']}",
                        "HOME": str(self.dir), "XDG_CACHE_HOME": str(self.dir / ".cache"),
                        "XDG_STATE_HOME": str(self.dir / ".state")})
        self.assertEqual(done.code, 0, done)
        result = json.loads((self.dir / "result.json").read_text())
        self.assertTrue(result["first"] and result["gone"] and result["again"], result)
        [d] = result["diagnostics"]
        self.assertEqual((d["lnum"] + 1, d["code"], d["source"]),
                         (DOUBLE_UNLOCK_LINE, "mdl-double-unlock", "mdlcheck"))
        self.assertIn("mdl-double-unlock", result["hover"])
