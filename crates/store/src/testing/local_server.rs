//! The PostgreSQL server for tests when the environment names none. Its data directory lies beside
//! the test programs. It accepts connections only on a Unix socket that no other user can open. All
//! test processes share it; it stops some minutes after the last of them used it.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Length of the longest folder path that leaves room for the socket's name in a Unix socket
/// address.
const MAX_SOCKET_FOLDER_LENGTH: usize = 85;

/// Returns the URL of the server's maintenance database. Starts the server if it is not running.
pub(super) fn start_and_get_url() -> String {
    let binaries = find_server_binaries();
    let folder = choose_server_folder();
    let lock = File::create(folder.join("lock")).expect("the lock file is created");
    lock.lock().expect("the lock is acquired");
    let server = LocalServer { binaries, folder };
    server.initialize();
    server.record_use();
    server.start();
    server.url()
}

struct LocalServer {
    binaries: PathBuf,
    folder: PathBuf,
}

impl LocalServer {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn url(&self) -> String {
        let socket = self
            .folder
            .to_str()
            .expect("the path is UTF-8")
            .replace('%', "%25")
            .replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }

    fn initialize(&self) {
        if self.data().join("PG_VERSION").exists() && self.folder.join("ready").exists() {
            return;
        }
        if self.data().exists() {
            fs::remove_dir_all(self.data()).expect("an incomplete data directory is deleted");
        }
        let data = self.data();
        let initialized = self
            .server_command("initdb")
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--pgdata",
            ])
            .arg(data)
            .stdout(Stdio::null())
            .status();
        assert!(initialized.expect("initdb runs").success(), "initdb failed");
        File::create(self.folder.join("ready")).expect("the marker file is created");
    }

    fn start(&self) {
        let status = self
            .server_command("pg_ctl")
            .args(["status", "--pgdata"])
            .arg(self.data())
            .stdout(Stdio::null())
            .status();
        if status.expect("pg_ctl runs").success() {
            return;
        }
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' \
             -c unix_socket_permissions=0700 -c max_connections=200 -c shared_buffers=64MB -c fsync=on",
            self.folder.display()
        );
        let started = self
            .server_command("pg_ctl")
            .args(["start", "--wait", "--silent", "--log"])
            .arg(self.folder.join("log"))
            .args(["--options", &options, "--pgdata"])
            .arg(self.data())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(
            started.expect("pg_ctl runs").success(),
            "PostgreSQL did not start: {}/log",
            self.folder.display()
        );
        self.spawn_idle_watcher();
    }

    /// Updates the modification time of the file that the idle watcher checks.
    fn record_use(&self) {
        File::create(self.folder.join("used")).expect("the marker file is created");
    }

    /// Spawns a process that stops the server after five minutes without use. The stop waits for
    /// open connections.
    fn spawn_idle_watcher(&self) {
        let script = r#"while sleep 30; do
            find "$1" -mmin -5 | grep -q . && continue
            exec "$2" stop --mode=smart --pgdata="$3"
        done"#;
        let mut watcher = self.command_as_server_user(Path::new("sh"));
        watcher
            .args(["-c", script, "sh"])
            .arg(self.folder.join("used"))
            .arg(self.binaries.join("pg_ctl"))
            .arg(self.data());
        watcher
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        // Not waited for: the watcher must outlive this process.
        drop(watcher.spawn().expect("the idle watcher starts"));
    }

    fn server_command(&self, name: &str) -> Command {
        self.command_as_server_user(&self.binaries.join(name))
    }

    /// PostgreSQL refuses to run as root; a root process runs it as the user that Debian's package
    /// creates.
    fn command_as_server_user(&self, program: &Path) -> Command {
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

/// Finds the folder with the server's programs: first on the search path, then the newest of
/// Debian's packages.
fn find_server_binaries() -> PathBuf {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&search_path).collect();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    let is_complete =
        |folder: &PathBuf| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    folders.into_iter().find(is_complete).expect(
        "PostgreSQL is needed for this test: install Debian's package `postgresql`, or name \
         a server in CHRONOLOGY_TEST_POSTGRES (postgres://…)",
    )
}

/// Chooses a folder that the server's user can write to: beside the test programs if possible, else
/// a temporary one.
fn choose_server_folder() -> PathBuf {
    let test_program = std::env::current_exe().expect("the path of the test program is known");
    let target = test_program.ancestors().nth(3).unwrap_or(Path::new("/"));
    let beside_target = target.join("postgres-for-tests");
    let temporary =
        std::env::temp_dir().join(format!("postgres-for-tests-{:x}", hash_path(target)));
    let is_usable = |folder: &PathBuf| {
        folder.as_os_str().len() <= MAX_SOCKET_FOLDER_LENGTH && prepare_folder(folder)
    };
    [beside_target, temporary]
        .into_iter()
        .find(is_usable)
        .expect("a folder for the PostgreSQL server")
}

fn hash_path(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// Creates the folder, makes the server's user its owner, and returns whether that user can write
/// to it.
fn prepare_folder(folder: &Path) -> bool {
    if fs::create_dir_all(folder).is_err() || !is_root() {
        return folder.exists();
    }
    let Some((user, group)) = find_postgres_user() else {
        panic!("there is no user `postgres` to run the server as")
    };
    let private = fs::Permissions::from_mode(0o700);
    if chown(folder, Some(user), Some(group)).is_err()
        || fs::set_permissions(folder, private).is_err()
    {
        return false;
    }
    let is_writable = Command::new("runuser")
        .args(["-u", "postgres", "--", "test", "-w"])
        .arg(folder)
        .status();
    is_writable.is_ok_and(|status| status.success())
}

/// Whether this process runs as root.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Finds the user and group identifiers of the user `postgres`.
fn find_postgres_user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    let user = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}
