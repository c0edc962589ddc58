//! A PostgreSQL server of our own, when the environment names none: in a folder beside the test programs, reached
//! through a socket that nobody else may open, shared by all test processes, and ended some minutes after the last one.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A socket's path may not be longer than this, with its name.
const LONGEST_SOCKET_FOLDER: usize = 85;

/// The address of the server's maintenance database. Starts it when it does not run.
pub(super) fn url() -> String {
    let programs = programs();
    let folder = folder();
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock is had");
    let server = Server { programs, folder };
    server.initialise();
    server.touch();
    server.start();
    server.url()
}

struct Server {
    programs: PathBuf,
    folder: PathBuf,
}

impl Server {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn url(&self) -> String {
        let socket = self.folder.to_str().expect("a UTF-8 path").replace('%', "%25").replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }

    fn initialise(&self) {
        if self.data().join("PG_VERSION").exists() && self.folder.join("ready").exists() {
            return;
        }
        if self.data().exists() {
            fs::remove_dir_all(self.data()).expect("half a cluster goes");
        }
        let data = self.data();
        let done = self
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(data)
            .stdout(Stdio::null())
            .status();
        assert!(done.expect("initdb runs").success(), "initdb failed");
        File::create(self.folder.join("ready")).expect("a mark");
    }

    fn start(&self) {
        let status =
            self.program("pg_ctl").args(["status", "--pgdata"]).arg(self.data()).stdout(Stdio::null()).status();
        if status.expect("pg_ctl runs").success() {
            return;
        }
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c unix_socket_permissions=0700 \
             -c max_connections=200 -c shared_buffers=64MB -c fsync=on",
            self.folder.display()
        );
        let started = self
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "--log"])
            .arg(self.folder.join("log"))
            .args(["--options", &options, "--pgdata"])
            .arg(self.data())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(started.expect("pg_ctl runs").success(), "PostgreSQL did not start: {}/log", self.folder.display());
        self.watch();
    }

    /// Says that the server is in use.
    fn touch(&self) {
        File::create(self.folder.join("used")).expect("a mark");
    }

    /// Ends the server once it has not been in use for five minutes, waiting for those who still are connected.
    fn watch(&self) {
        let script = r#"while sleep 30; do
            find "$1" -mmin -5 | grep -q . && continue
            exec "$2" stop --mode=smart --pgdata="$3"
        done"#;
        let mut watch = self.command(Path::new("sh"));
        watch
            .args(["-c", script, "sh"])
            .arg(self.folder.join("used"))
            .arg(self.programs.join("pg_ctl"))
            .arg(self.data());
        watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        // Left to itself: it outlives this process on purpose.
        drop(watch.spawn().expect("a watcher"));
    }

    fn program(&self, name: &str) -> Command {
        self.command(&self.programs.join(name))
    }

    /// PostgreSQL refuses to run as root: then it runs as the user its packages make.
    fn command(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

/// The folder of the newest server programs.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    let complete = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    folders.into_iter().find(complete).expect(
        "PostgreSQL is needed for this test: install Debian's package `postgresql`, or name a server in \
         CHRONOLOGY_TEST_POSTGRES (postgres://…)",
    )
}

/// A folder that the server's user may enter, beside the test programs when that is possible.
fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("a test program has a path");
    let target = program.ancestors().nth(3).unwrap_or(Path::new("/"));
    let beside = target.join("postgres-for-tests");
    let elsewhere = std::env::temp_dir().join(format!("postgres-for-tests-{:x}", hash(target)));
    let usable = |folder: &PathBuf| folder.as_os_str().len() <= LONGEST_SOCKET_FOLDER && prepare(folder);
    [beside, elsewhere].into_iter().find(usable).expect("a folder for a PostgreSQL server")
}

fn hash(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// Makes the folder, gives it to the server's user, and says whether that user can enter it.
fn prepare(folder: &Path) -> bool {
    if fs::create_dir_all(folder).is_err() || !is_root() {
        return folder.exists();
    }
    let Some((user, group)) = postgres_user() else { panic!("there is no user `postgres` to run the server as") };
    let private = fs::Permissions::from_mode(0o700);
    if chown(folder, Some(user), Some(group)).is_err() || fs::set_permissions(folder, private).is_err() {
        return false;
    }
    let entered = Command::new("runuser").args(["-u", "postgres", "--", "test", "-w"]).arg(folder).status();
    entered.is_ok_and(|status| status.success())
}

/// Whether this process runs as root.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

fn postgres_user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
