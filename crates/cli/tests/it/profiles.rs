//! Profiles: where settings come from, what a profile may hold, and that secrets stay where they belong.

use std::path::Path;

use serde_json::{Value, json};

use crate::{Seen, file, northbound, northbound_in};

const FILE: &str = r#"
[prod]
endpoint = "https://platform.example:8743"
app-id = "meters"
secret-file = "prod.secret"
quota = 60
deadline = "10min"
no-token-cache = true

[test]
endpoint = "http://127.0.0.1:1"
app-id = "demo-app"
secret-command = ["vault", "pr1vate"]
"#;

/// A folder with such a file of profiles, and a secret beside it.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("profiles.toml"), text).unwrap();
    std::fs::write(folder.path().join("prod.secret"), "pr1vate\n").unwrap();
    folder
}

/// A command of a user with these profiles, in this environment.
fn run_in(folder: &Path, environment: &[(&str, &str)], line: &str) -> Seen {
    let path = folder.join("profiles.toml");
    let environment = [&[("NORTHBOUND_PROFILES", path.to_str().unwrap())], environment].concat();
    let seen = northbound_in(&environment, None, line);
    assert!(!format!("{seen:?}").contains("pr1vate"), "{seen:?}");
    seen
}

#[test]
fn each_setting_comes_from_the_first_that_gives_it() {
    let folder = folder(FILE);
    let endpoint = ("NORTHBOUND_ENDPOINT", "http://127.0.0.1:2");
    let secret = ("NORTHBOUND_SECRET", "pr1vate");
    let [prod, test] = ["prod", "test"].map(|name| ("NORTHBOUND_PROFILE", name));
    let (deadline, quota) = (("NORTHBOUND_DEADLINE", "5s"), ("NORTHBOUND_QUOTA", "7"));
    for (environment, line, name, value, from) in [
        (&[endpoint][..], "--endpoint http://127.0.0.1:3", "endpoint", "http://127.0.0.1:3", "--endpoint"),
        (&[endpoint, prod], "", "endpoint", "http://127.0.0.1:2", "NORTHBOUND_ENDPOINT"),
        (&[prod], "", "endpoint", "https://platform.example:8743", "profile prod"),
        (&[endpoint, prod], "--profile test", "endpoint", "http://127.0.0.1:1", "profile test"),
        (&[secret], "--profile test", "secret-command", "vault …", "profile test"),
        (&[secret, test], "", "secret", "set", "NORTHBOUND_SECRET"),
        (&[("NORTHBOUND_TOKEN", "pr1vate"), secret], "", "token", "set", "NORTHBOUND_TOKEN"),
        (&[("NORTHBOUND_SHARE", "redis://:pr1vate@h")], "", "share", "set", "NORTHBOUND_SHARE"),
        (&[deadline, quota], "--profile prod", "deadline", "10min", "profile prod"),
        (&[deadline, quota], "--profile test", "deadline", "5s", "NORTHBOUND_DEADLINE"),
        (&[deadline, quota], "--profile test", "quota", "100", "default"),
        (&[quota], "--quota 8", "quota", "8", "--quota"),
        (&[prod], "", "no-token-cache", "true", "profile prod"),
        (&[prod, ("NORTHBOUND_NO_TOKEN_CACHE", "0")], "", "no-token-cache", "0", "NORTHBOUND_NO_TOKEN_CACHE"),
        (&[prod], "--resolve h:::1", "resolve", "h:::1", "--resolve"),
    ] {
        let seen = run_in(folder.path(), environment, &format!("config -o json {line}"));
        assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{line}");
        let result: Value = serde_json::from_str(&seen.stdout).unwrap();
        let setting = result["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name);
        let found = setting.map(|setting| [&setting["value"], &setting["from"]]);
        assert_eq!(found, Some([&json!(value), &json!(from)]), "{environment:?} {line}: {result}");
    }
}

#[test]
fn a_person_sees_each_setting_and_what_is_wrong_with_it() {
    let folder = folder(FILE);
    let environment = [
        ("NORTHBOUND_ENDPOINT", "https://platform.example"),
        ("NORTHBOUND_SECRET", "pr1vate"),
        ("NORTHBOUND_SECRET_FILE", "nowhere"),
        ("NORTHBOUND_APP_ID", "demo-app pr1vate"),
        ("NORTHBOUND_DEADLINE", "pr1vate"),
        ("NORTHBOUND_CA_CERT", "nowhere"),
    ];
    let shown = |environment: &[(&str, &str)], line: &str| {
        let Seen { code, stdout, stderr } = run_in(folder.path(), environment, line);
        let told = format!("$ northbound {line}\n{stdout}{stderr}[exit code {code}]\n\n");
        told.replace(folder.path().to_str().unwrap(), "FOLDER").replace("FOLDER\\", "FOLDER/")
    };
    let lines = ["config", "config --profile test", "--emulator config"];
    let told = lines.map(|line| shown(&environment, line)).concat();
    insta::assert_snapshot!(told + &shown(&[], "summary t --profile nobody") + &shown(&[], "config"));
}

/// Whatever is wrong is found before anything is sent, and named by its line.
#[cfg(unix)]
#[test]
fn profiles_to_which_others_can_write_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(FILE);
    let file = folder.path().join("profiles.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let seen = run_in(folder.path(), &[], "--profile prod summary t");
    assert!(seen.code == 2 && seen.stderr.contains("other users can write to the profiles"), "{seen:?}");
}

#[test]
fn a_profile_that_cannot_be_used_is_refused_with_its_line() {
    let told = |text: &str, line: &str| {
        let folder = folder(&format!("[prod]\n{text}"));
        let seen = run_in(folder.path(), &[("NORTHBOUND_PROFILE", "prod")], line);
        seen.stderr.replace(folder.path().to_str().unwrap(), "").replace('\\', "/")
    };
    for (text, found, help) in [
        ("secret = \"pr1vate\"", "line 2: a profile holds no secret", "secret-command"),
        ("\ntoken = \"pr1vate\"", "line 3: a profile holds no token", "secret-file"),
        ("end-point = \"https://h\"", "line 2: a profile has no `end-point`", "write `endpoint`"),
        ("share = \"redis://:pr1vate@h:6379\"", "line 2: a profile holds no password", "NORTHBOUND_SHARE"),
        ("secret-command = \"vault pr1vate\"", "line 2: `secret-command` cannot be read", "[\"pass\""),
        ("secret-command = []", "line 2: `secret-command` cannot be read", "list"),
        ("quota = [\"pr1vate\"]", "line 2: `quota` cannot be read", "in quotes"),
        ("endpoint = \"\"", "line 2: `endpoint` cannot be read", "leave it out"),
        ("secret-file = \"a\"\nsecret-command = [\"b\"]", "line 1: the profile has both", "leave one"),
        ("secret-file = pr1vate", "line 2: ", "as TOML"),
        ("secret-file = \"pr1vate", "line 2: ", "as TOML"),
        ("[prod]", "line 2: duplicate key", "as TOML"),
    ] {
        for line in ["config", "summary t"] {
            let told = told(text, line);
            assert!(told.starts_with(&format!("error: /profiles.toml, {found}")), "{text}: {told}");
            assert!(told.lines().nth(1).is_some_and(|line| line.contains(help)), "{text}: {told}");
        }
    }
    // A fault of another profile stops nobody but `config`.
    let other = "endpoint = \"http://127.0.0.1:1\"\n[test]\npassword = \"pr1vate\"";
    assert!(told(other, "config").contains("line 4: a profile has no `password`"));
    assert!(told(other, "summary t").starts_with("error: no application is given"));
    let value = told(
        "quota = \"pr1vate\"\nendpoint = \"http://127.0.0.1:1\"\napp-id = \"a\"\nsecret-file = \"prod.secret\"",
        "summary t",
    );
    assert!(
        value.starts_with("error: `quota` (line 2) of profile prod cannot be used: invalid digit"),
        "{value}"
    );
}

#[test]
fn no_secret_goes_to_another_platform() {
    let folder = folder(FILE);
    let variables = [("NORTHBOUND_SECRET", "s"), ("NORTHBOUND_TOKEN", "t"), ("NORTHBOUND_APP_ID", "a")];
    let own = "[bare]\nendpoint = \"http://127.0.0.1:1\"\napp-id = \"demo-app\"\n";
    std::fs::write(folder.path().join("profiles.toml"), format!("{FILE}{own}")).unwrap();
    let elsewhere = "the secret of profile prod is not for the platform of";
    for (environment, line, code, told) in [
        (
            &variables[..],
            "--profile bare",
            2,
            "error: no secret is given\nhelp:  add --secret-file FILE, or write it into the profile; or to use NORTHBOUND_SECRET choose the profile with NORTHBOUND_PROFILE=bare instead of --profile",
        ),
        (
            &[("NORTHBOUND_PROFILE", "bare"), variables[0]],
            "",
            1,
            "login of application demo-app: no connection to http://127.0.0.1:1",
        ),
        (&[("NORTHBOUND_PROFILE", "bare"), variables[0]], "--emulator", 0, ""),
        (&[], "--profile prod --emulator", 2, "--emulator and --profile are two different platforms"),
        (&[], "--profile prod --endpoint http://127.0.0.1:1", 2, &format!("{elsewhere} --endpoint")),
        (
            &[],
            "--profile prod --endpoint HTTPS://platform.example:8743/ --resolve h:::1",
            2,
            "an address is given for \"h\"",
        ),
        (
            &[("NORTHBOUND_PROFILE", "prod"), ("NORTHBOUND_ENDPOINT", "https://h.example")],
            "",
            2,
            &format!("{elsewhere} NORTHBOUND_ENDPOINT"),
        ),
    ] {
        let seen = run_in(folder.path(), environment, &format!("summary demo -q {line}"));
        assert!(seen.code == code && seen.stderr.contains(told), "{line}: {seen:?}");
    }
}

#[test]
fn each_setting_is_in_help_and_manual() {
    let (help, manual) = (northbound("config --help").stdout, file("crates/cli/src/commands/manual.json"));
    let config: Value = serde_json::from_str(&northbound("config -o json").stdout).unwrap();
    let settings =
        config["settings"].as_array().unwrap().iter().map(|setting| setting["name"].as_str().unwrap());
    for name in settings.chain(["secret-file", "token", "profile", "profiles"]) {
        let variable = format!("NORTHBOUND_{}", name.to_uppercase().replace('-', "_"));
        assert!(help.contains(&variable) && manual.contains(&variable), "{variable}");
    }
}
