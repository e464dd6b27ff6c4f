"""The GitHub Action and the GitLab job: their shell steps, run here on a scratch
driver, with what the services put into the environment."""

import json
import os
import pathlib
import re

import yaml

from harness import CLEAN, DOUBLE_UNLOCK, LEAK, MDLCHECK, ROOT, MdlcheckTest
from tools import run


class CiTest(MdlcheckTest):
    def driver(self, text):
        self.write("src/a.c", text)
        self.database(["src/a.c"], where="build")

    def shell(self, script, env):
        path = f"{pathlib.Path(MDLCHECK).parent}:{os.environ['PATH']}"
        return run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, cwd=self.dir,
                   env={"PATH": path, "MDLCHECK_CACHE_DIR": str(self.cache), **env})


class GithubAction(CiTest):
    ACTION = yaml.safe_load((ROOT / "action.yml").read_text())

    def run_action(self, **inputs):
        """The steps in order, up to one that fails: its name, and the outputs."""
        known = {name: entry.get("default", "") for name, entry in self.ACTION["inputs"].items()}
        for name in inputs:
            self.assertIn(name.replace("_", "-"), known)
        values = {f"inputs.{name}": value for name, value in known.items()}
        values.update({f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()})
        values["github.action_path"] = str(ROOT)
        outputs, said = {}, ""
        for step in self.ACTION["runs"]["steps"]:
            if "run" not in step:
                continue
            self.assertEqual(step["shell"], "bash")
            self.assertNotIn("${{", step["run"], "inputs must not be part of a script")
            file = self.write("output", "")
            fill = lambda text: re.sub(r"\$\{\{ *([\w.-]+) *\}\}",
                                       lambda m: values[m.group(1)], text)
            env = {name: fill(value) for name, value in step.get("env", {}).items()}
            done = self.shell(step["run"], {
                **env, "GITHUB_OUTPUT": str(file), "GITHUB_WORKSPACE": str(self.dir),
                "RUNNER_TEMP": str(self.dir / "temp dir")})
            said += done.out
            if done.code:
                return step["name"], outputs, said
            for line in file.read_text().splitlines():
                name, value = line.split("=", 1)
                values[f"steps.{step['id']}.outputs.{name}"] = outputs[name] = value
        return None, outputs, said

    def test_findings(self):
        self.driver(DOUBLE_UNLOCK + LEAK.split("\n", 1)[1].replace("SUCCESS;", "SUCCESS; // NOLINT"))
        failed, outputs, said = self.run_action(build_dir="build")
        self.assertEqual((failed, outputs["exit-code"]), ("Result", "1"))
        self.assertRegex(said, r"(?m)^::error file=src/a\.c,line=15,")
        results = lambda name: [result["ruleId"] for result in json.loads(
            pathlib.Path(outputs[name]).read_text())["runs"][0]["results"]]
        self.assertEqual(results("sarif"), ["mdl-double-unlock"])
        self.assertEqual(results("full-sarif"), ["mdl-double-unlock", "mdl-leak"])

    def test_nothing_found(self):
        self.driver(CLEAN)
        failed, outputs, _ = self.run_action(build_dir="build")
        self.assertEqual((failed, outputs["exit-code"]), (None, "0"))

    def test_inputs(self):
        self.driver(DOUBLE_UNLOCK)
        name = 'a $(touch owned) ";.c'
        self.write(f"src/{name}", LEAK)
        _, outputs, said = self.run_action(
            build_dir="build", files=f"src/{name}\n", args="--rules=mdl-leak\n--quiet\n",
            mdlcheck=MDLCHECK)
        self.assertEqual(outputs["exit-code"], "1")
        self.assertIn("title=mdl-leak::", said)
        self.assertFalse((self.dir / "owned").exists())
        run(MDLCHECK, "-p", "build", "--write-baseline=base.json", "--no-cache", cwd=self.dir)
        failed, outputs, _ = self.run_action(build_dir="build", baseline="base.json")
        self.assertEqual((failed, outputs["exit-code"]), (None, "0"))

    def test_outputs_are_those_of_steps(self):
        ids = {step.get("id") for step in self.ACTION["runs"]["steps"]}
        for output in self.ACTION["outputs"].values():
            self.assertIn(re.search(r"steps\.(\w+)\.outputs", output["value"]).group(1), ids)


class GitlabJob(CiTest):
    JOB = yaml.safe_load((ROOT / ".ci/gitlab.yml").read_text())["mdlcheck"]

    def run_job(self, **variables):
        script = "\n".join(self.JOB["script"])
        return self.shell(script, {**self.JOB["variables"], **variables,
                                   "CI_PROJECT_DIR": str(self.dir)})

    def test_findings(self):
        self.driver(DOUBLE_UNLOCK)
        self.assertEqual(self.run_job().code, 1)
        report = self.JOB["artifacts"]["reports"]["codequality"]
        [issue] = json.loads((self.dir / report).read_text())
        self.assertEqual((issue["check_name"], issue["location"]["path"]),
                         ("mdl-double-unlock", "src/a.c"))
        for path in self.JOB["artifacts"]["paths"]:
            json.loads((self.dir / path).read_text())

    def test_options(self):
        self.driver(DOUBLE_UNLOCK)
        self.assertEqual(self.run_job(MDLCHECK_ARGS="--fail-on=none --quiet").code, 0)
        self.driver(CLEAN)
        self.assertEqual(self.run_job().code, 0)
