//! Sessions with `jpki serve`: the real servers on addresses of their own choosing, on loopback.

mod admin;
pub(crate) mod connections;
mod life;
mod lists;
mod packaging;
mod register;
pub(crate) mod tls;

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::Signal;
use rustix::process::kill_process;
use rustix::process::prlimit;
use serde_json::Value;

use crate::stage::Stage;

/// A server that runs until it is dropped, and whose lines are all kept.
pub(crate) struct Served {
    child: Child,
    addresses: BTreeMap<String, SocketAddr>,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Served {
    /// Starts `jpki serve --json` with these words, by the machine's clock unless they set another, and
    /// waits until it is ready.
    #[track_caller]
    pub(crate) fn start(stage: &Stage, words: &str) -> Self {
        Self::start_command(stage.command(&format!("serve --json {words}")))
    }

    /// Starts such a command, in surroundings of its own.
    #[track_caller]
    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut addresses = BTreeMap::new();
        let mut is_ready = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let told: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if told["status"] == "ready" {
                is_ready = true;
                break;
            }
            let role = told["role"].as_str().unwrap().to_owned();
            addresses.insert(role, told["address"].as_str().unwrap().parse().unwrap());
        }
        let mut served = Self { child, addresses, lines, log: Vec::new() };
        if !is_ready {
            let code = served.child.wait().unwrap();
            panic!("it ended with {code:?}: {:#?}", served.log());
        }
        served
    }

    /// Where a role listens.
    #[track_caller]
    pub(crate) fn address(&self, role: &str) -> SocketAddr {
        self.addresses[role]
    }

    /// Has no file of the process's take anything more, as on a full disk; or lifts that. It must have
    /// been started by [`heedless`].
    pub(crate) fn fill_disk(&self, is_full: bool) {
        fill_disk(self.child.id(), is_full);
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for a line of the log that holds this text.
    #[track_caller]
    pub(crate) fn logs(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => panic!("{text} was not logged ({error}): {:#?}", self.log),
            }
        }
    }

    /// Everything that was logged so far.
    pub(crate) fn log(&mut self) -> &[String] {
        self.log.extend(self.lines.try_iter());
        &self.log
    }

    /// Asks it to stop, and waits: the exit code, and everything that was logged.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (Option<i32>, Vec<String>) {
        self.signal(Signal::TERM);
        self.ends()
    }

    /// Waits for its end: the exit code, and everything that was logged.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None, "a signal killed it");
        self.log.extend(self.lines.iter());
        (status.code(), std::mem::take(&mut self.log))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Gone already where the test has stopped it.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// The command with these words, such that a file that takes nothing more is an error and not the end.
pub(crate) fn heedless(stage: &Stage, words: &str) -> Command {
    let jpki = stage.command(words);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(jpki.get_program());
    command.args(jpki.get_args()).current_dir(stage.path("")).stdin(Stdio::null());
    for (name, value) in jpki.get_envs() {
        command.env(name, value.unwrap());
    }
    command
}

/// Sets the size that files of a process may have to nothing, or lifts that.
pub(crate) fn fill_disk(process: u32, is_full: bool) {
    let limit = Rlimit { current: is_full.then_some(0), maximum: None };
    let process = Pid::from_raw(process.try_into().unwrap());
    prlimit(process, Resource::Fsize, limit).unwrap();
}

/// A connection on which nothing is waited for too long.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// An answer of HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads one answer to a request of this method, and leaves the connection as it is.
    pub(crate) fn read(stream: &mut TcpStream, method: &str) -> Self {
        Self::try_read(stream, method).unwrap_or_else(|read| {
            panic!("no answer: {:?}", String::from_utf8_lossy(&read));
        })
    }

    /// As [`Answer::read`]; what came where it was none.
    pub(crate) fn try_read(stream: &mut TcpStream, method: &str) -> Result<Self, Vec<u8>> {
        let mut read = Vec::new();
        let mut octet = [0];
        while !read.ends_with(b"\r\n\r\n") {
            match stream.read(&mut octet) {
                Ok(1) => read.push(octet[0]),
                _ => return Err(read),
            }
        }
        let text = String::from_utf8(read).unwrap();
        let mut lines = text.trim_end().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let head = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self { status, head, body: Vec::new() };
        let length = answer.header("content-length").unwrap_or("0").parse().unwrap();
        if method != "HEAD" && status != 304 {
            answer.body = vec![0; length];
            stream.read_exact(&mut answer.body).unwrap();
        }
        Ok(answer)
    }

    /// The value of a field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Sends a request without a body; `fields` are lines without their ends.
pub(crate) fn request(stream: &mut TcpStream, method: &str, path: &str, fields: &[&str]) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    Answer::read(stream, method)
}

/// Asks for a path on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str, fields: &[&str]) -> Answer {
    request(&mut connect(address), "GET", path, fields)
}

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
