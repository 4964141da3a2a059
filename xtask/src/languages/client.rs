//! The clients: how each is generated from the document, compiled, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use serde::Deserialize;

use crate::tools::{self, Needed, Tools, output};

/// A client that a generator makes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Python, by openapi-generator.
    Python,
    /// Python, by openapi-python-client.
    PythonHttpx,
    /// TypeScript, by openapi-typescript, with openapi-fetch.
    #[serde(rename = "typescript")]
    #[value(name = "typescript")]
    TypeScript,
    /// Go, by openapi-generator.
    Go,
    /// Java, by openapi-generator.
    Java,
}

const JAVAC: Needed =
    Needed { program: "javac", get: "a JDK, 11 or newer (on Debian: apt-get install default-jdk-headless)" };

/// What openapi-generator warns of for every document: that it has an object in it, and that its Rust generator renames a media
/// type that is no name.
const KNOWN_WARNINGS: [&str; 2] =
    ["Failed to get the schema name: null", "ApplicationJson cannot be used as a model name"];

impl Client {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Python, Self::PythonHttpx, Self::TypeScript, Self::Go, Self::Java];

    /// Its name in the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::PythonHttpx => "Python, with httpx",
            Self::TypeScript => "TypeScript",
            Self::Go => "Go",
            Self::Java => "Java",
        }
    }

    /// The programs that the machine has to have.
    fn needs(self) -> &'static [Needed] {
        match self {
            Self::Python => &[tools::PYTHON, JAVAC],
            Self::PythonHttpx => &[tools::PYTHON],
            Self::TypeScript => &[tools::NODE, tools::NPM],
            Self::Go => &[tools::PYTHON, JAVAC, tools::GO],
            Self::Java => &[tools::PYTHON, JAVAC, tools::MAVEN, tools::SHA256SUM],
        }
    }
}

/// What the machine lacks for these clients, each program with how to get it.
pub(super) fn missing(clients: &[Client]) -> Vec<String> {
    let mut missing = Vec::new();
    for needed in clients.iter().flat_map(|client| client.needs()) {
        if let Err(error) = needed.found() {
            missing.push(error.to_string());
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// Where clients are made.
#[derive(Debug)]
pub(super) struct Workshop {
    /// The runners, in the project.
    sources: PathBuf,
    document: PathBuf,
    tools: Tools,
    /// A folder for each client, made anew each time.
    folder: PathBuf,
}

impl Workshop {
    pub(super) fn of(root: &Path) -> Self {
        Self {
            sources: root.join("spec/clients"),
            document: root.join(crate::DOCUMENT),
            tools: Tools::of(root),
            folder: crate::target_folder(root).join("languages"),
        }
    }

    /// Generates and compiles the client; returns what runs the scenarios with it.
    pub(super) fn make(&self, client: Client) -> anyhow::Result<Command> {
        let folder = self.emptied(&format!("{client:?}").to_lowercase())?;
        match client {
            Client::Python => self.python(&folder),
            Client::PythonHttpx => self.python_httpx(&folder),
            Client::TypeScript => self.type_script(&folder),
            Client::Go => self.go(&folder),
            Client::Java => self.java(&folder),
        }
    }

    fn emptied(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Generates and compiles a Go client with oapi-codegen, in the version that `go.mod` pins. It is not run.
    pub(super) fn oapi_codegen(&self) -> anyhow::Result<()> {
        let folder = self.emptied("oapi-codegen")?;
        for name in ["go.mod", "go.sum"] {
            copy(&self.sources.join("oapi-codegen").join(name), &folder.join(name))?;
        }
        fs::create_dir_all(folder.join("northbound"))?;
        let go = || -> anyhow::Result<Command> {
            let mut go = Command::new(tools::GO.found()?);
            go.current_dir(&folder);
            Ok(go)
        };
        let options =
            ["-generate", "types,client", "-package", "northbound", "-o", "northbound/northbound.go"];
        output(go()?.args(["tool", "oapi-codegen"]).args(options).arg(&self.document))?;
        output(go()?.args(["vet", "./..."])).map(|_| ())
    }

    /// Generates a Rust client with openapi-generator and compiles it with the packages that `Cargo.lock` pins. It is not run.
    pub(super) fn rust(&self) -> anyhow::Result<()> {
        let folder = self.emptied("rust")?;
        let name =
            ["--package-name", "northbound-generated", "--additional-properties", "packageVersion=0.0.0"];
        self.openapi_generator("rust", &folder, &name)?;
        copy(&self.sources.join("rust/Cargo.lock"), &folder.join("Cargo.lock"))?;
        // It stands below this project, and is no part of it.
        let manifest = folder.join("Cargo.toml");
        fs::write(&manifest, fs::read_to_string(&manifest)? + "\n[workspace]\n")?;
        // TLS is left out: it would need OpenSSL, and nothing in the generated code depends on it.
        let mut check = crate::cargo();
        check.args(["check", "--quiet", "--locked", "--no-default-features", "--target-dir"]);
        output(check.arg(self.folder.join("rust-target")).current_dir(&folder)).map(|_| ())
    }

    fn python(&self, folder: &Path) -> anyhow::Result<Command> {
        self.openapi_generator("python", folder, &["--package-name", "northbound"])?;
        self.python_runner("openapi_generator.py", folder)
    }

    fn python_httpx(&self, folder: &Path) -> anyhow::Result<Command> {
        let programs = self.python_tools()?;
        // It looks for ruff, which comes with it, on the path.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(programs.clone()).chain(std::env::split_paths(&path)))?;
        output(
            Command::new(programs.join("openapi-python-client"))
                .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
                .arg(&self.document)
                .arg("--output-path")
                .arg(folder.join("northbound_api_client"))
                .env("PATH", path),
        )?;
        self.python_runner("openapi_python_client.py", folder)
    }

    fn python_runner(&self, runner: &str, folder: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(self.python_tools()?.join("python"));
        command.arg("-B").arg(self.sources.join("python").join(runner)).env("PYTHONPATH", folder);
        Ok(command)
    }

    fn python_tools(&self) -> anyhow::Result<PathBuf> {
        self.tools.python("languages-python", &self.sources.join("python/requirements.txt"))
    }

    fn type_script(&self, folder: &Path) -> anyhow::Result<Command> {
        let installed = self.tools.node("languages-typescript", &self.sources.join("typescript"))?;
        let modules = installed.join("node_modules");
        let node = || -> anyhow::Result<Command> { Ok(Command::new(tools::NODE.found()?)) };
        output(
            node()?
                .arg(modules.join("openapi-typescript/bin/cli.js"))
                .arg(&self.document)
                .arg("--output")
                .arg(installed.join("northbound.ts")),
        )?;
        // Beside `node_modules`, where the compiler and Node look for packages.
        let runner = installed.join("scenarios.ts");
        copy(&self.sources.join("typescript/scenarios.ts"), &runner)?;
        let options = ["--strict", "--target", "es2022", "--module", "nodenext", "--outDir"];
        let mut compile = node()?;
        compile.arg(modules.join("typescript/bin/tsc")).args(options).arg(&installed).arg(&runner);
        // It looks for the types of Node from where it runs.
        output(compile.current_dir(&installed))?;
        let mut command = node()?;
        command.arg(installed.join("scenarios.js")).current_dir(folder);
        Ok(command)
    }

    fn go(&self, folder: &Path) -> anyhow::Result<Command> {
        let options = ["--package-name", "northbound", "--additional-properties", "withGoMod=false"];
        self.openapi_generator("go", &folder.join("northbound"), &options)?;
        copy(&self.sources.join("go/go.mod"), &folder.join("go.mod"))?;
        copy(&self.sources.join("go/scenarios/scenarios.go"), &folder.join("scenarios.go"))?;
        // Nothing is fetched: the client needs the standard library alone.
        let go = || -> anyhow::Result<Command> {
            let mut go = Command::new(tools::GO.found()?);
            go.env("GOPROXY", "off").env("GOTOOLCHAIN", "local").current_dir(folder);
            Ok(go)
        };
        output(go()?.args(["vet", "./..."]))?;
        output(go()?.args(["build", "-o", "scenarios", "."]))?;
        Ok(Command::new(folder.join("scenarios")))
    }

    fn java(&self, folder: &Path) -> anyhow::Result<Command> {
        let packages = ["--invoker-package", "northbound", "--api-package", "northbound.api"];
        let models = ["--model-package", "northbound.model", "--library", "native"];
        let options = [&packages[..], &models].concat();
        self.openapi_generator("java", folder, &options)?;
        let jars = self.jars()?;
        let classes = folder.join("classes");
        let class_path = std::env::join_paths([jars.join("*"), classes.clone()])?;
        output(
            Command::new(JAVAC.found()?)
                .args(["-nowarn", "-sourcepath"])
                .arg(folder.join("src/main/java"))
                .arg("-classpath")
                .arg(&class_path)
                .arg("-d")
                .arg(&classes)
                .arg(self.sources.join("java/Scenarios.java")),
        )?;
        let java = JAVAC.found()?.with_file_name(format!("java{}", std::env::consts::EXE_SUFFIX));
        let mut command = Command::new(java);
        command.arg("-classpath").arg(&class_path).arg("Scenarios");
        Ok(command)
    }

    /// The jars that `pom.xml` names and `jars.sha256` lists, and no others.
    fn jars(&self) -> anyhow::Result<PathBuf> {
        let sources = self.sources.join("java");
        let folder = self.tools.maven("languages-java", &sources.join("pom.xml"))?;
        let sums = sources.join("jars.sha256");
        let listed = fs::read_to_string(&sums).with_context(|| format!("cannot read {}", sums.display()))?;
        let jars = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for jar in jars {
            let name = jar?.file_name().to_string_lossy().into_owned();
            let is_listed = listed.lines().any(|line| line.split_whitespace().nth(1) == Some(&*name));
            ensure!(is_listed || !name.ends_with(".jar"), "{} does not list {name}", sums.display());
        }
        let check = ["--check", "--strict", "--quiet"];
        output(Command::new(tools::SHA256SUM.found()?).args(check).arg(&sums).current_dir(&folder))?;
        Ok(folder)
    }

    fn openapi_generator(&self, generator: &str, folder: &Path, options: &[&str]) -> anyhow::Result<()> {
        let log = output(
            Command::new(self.python_tools()?.join("openapi-generator-cli"))
                .args(["generate", "-g", generator, "-i"])
                .arg(&self.document)
                .arg("-o")
                .arg(folder)
                .args(["--global-property", "apis,models,supportingFiles,apiTests=false,modelTests=false"])
                .args(options),
        )?;
        let complaints = [" WARN ", " ERROR "];
        let mut lines =
            log.lines().filter(|line| complaints.iter().any(|complaint| line.contains(complaint)));
        match lines.find(|line| !KNOWN_WARNINGS.iter().any(|known| line.contains(known))) {
            Some(line) => bail!("openapi-generator warns of something new: {line}"),
            None => Ok(()),
        }
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).map(|_| ()).with_context(|| format!("cannot copy {}", from.display()))
}
