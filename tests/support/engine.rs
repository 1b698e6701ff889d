//! A real Docker engine in a network namespace of its own, with its own folders; gone when dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long an engine may take to answer its first question.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Why no engine can be started here; `None` if one can.
pub fn missing() -> Option<&'static str> {
    let answers = |program: &str, args: &[&str]| {
        Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
    };
    if !answers("dockerd", &["--version"]) {
        return Some("needs a Docker engine (Debian: docker.io)");
    }
    if !answers("docker", &["--version"]) {
        return Some("needs the docker client (Debian: docker.io)");
    }
    if !answers("busybox", &["true"]) {
        return Some("needs busybox (Debian: busybox-static)");
    }
    let name = format!("probe{}", std::process::id());
    let made = answers("ip", &["netns", "add", &name]);
    answers("ip", &["netns", "del", &name]);
    if made { None } else { Some("needs root and iproute2, to make network namespaces") }
}

/// A running engine.
pub struct Engine {
    namespace: String,
    folder: tempfile::TempDir,
    process: Child,
}

impl Engine {
    /// Starts one and waits until it answers.
    pub fn start(name: &str) -> Self {
        let namespace = format!("{name}{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("ip").args(["netns", "add", &namespace]).status().unwrap();
        assert!(made.success());
        let up = Command::new("ip").args(["-n", &namespace, "link", "set", "lo", "up"]).status().unwrap();
        assert!(up.success());
        let path = |part: &str| folder.path().join(part).display().to_string();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        // `ip netns exec` would hide the mounts of the control groups.
        let process = Command::new("nsenter")
            .arg(format!("--net=/run/netns/{namespace}"))
            .args(["dockerd", "--data-root", &path("data"), "--exec-root", &path("exec"), "-p", &path("pid")])
            .args(["-H", &format!("unix://{}", path("docker.sock")), "--storage-driver", "vfs"])
            .args(["--bridge", "none", "--iptables=false"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let engine = Self { namespace, folder, process };
        let start = Instant::now();
        while !engine.docker(&["version"]).status().unwrap().success() {
            let log = fs::read_to_string(engine.folder.path().join("log")).unwrap();
            assert!(start.elapsed() < START_LIMIT, "the engine does not answer:\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
        engine
    }

    /// Its socket on the host.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// A folder of the host.
    pub fn host_folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The docker client, speaking to it; its output is captured by `output`, else dropped.
    pub fn docker(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", format!("unix://{}", self.socket().display())).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Makes an image of the host's busybox and docker client, with the libraries that they want.
    pub fn import_client_image(&self, name: &str) {
        let root = tempfile::tempdir().unwrap();
        for program in ["busybox", "docker"] {
            let path = which(program);
            install(&path, root.path(), &Path::new("bin").join(program));
            let libraries = Command::new("ldd").arg(&path).output().unwrap();
            for word in String::from_utf8_lossy(&libraries.stdout).split_whitespace() {
                if word.starts_with('/') && Path::new(word).is_file() {
                    install(Path::new(word), root.path(), Path::new(word.trim_start_matches('/')));
                }
            }
        }
        std::os::unix::fs::symlink("busybox", root.path().join("bin/sh")).unwrap();
        for folder in ["var/run", "var/lib/rancher/state", "etc", "proc", "sys", "dev", "tmp"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let archive = self.folder.path().join("image.tar");
        let packed = Command::new("tar").arg("-C").arg(root.path()).arg("-cf").arg(&archive).arg(".").status().unwrap();
        assert!(packed.success());
        assert!(self.docker(&["import", archive.to_str().unwrap(), name]).status().unwrap().success());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let stop = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && stop.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        // What the engine left mounted would keep its folder from being removed.
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let own = self.folder.path().display().to_string();
        for mount in mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|path| path.starts_with(&own)) {
            let _ = Command::new("umount").args(["-l", mount]).status();
        }
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
    }
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap()
}

fn install(from: &Path, root: &Path, to: &Path) {
    let to = root.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}
