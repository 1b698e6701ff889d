//! Where a clone keeps what git knows: found by us, and named to git, which would otherwise take any folder for a
//! repository that looks like one, such as files of a catalog that are laid out as a bare one.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The most that the file of a linked work tree says of where its clone is.
const MAX_POINTER_BYTES: u64 = 8 << 10;

/// The folders of a clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The root of its work tree; a bare one has none.
    pub(super) top: Option<PathBuf>,
    /// Where its HEAD and its index are.
    pub(super) own: PathBuf,
    /// Where its objects and references are: for a linked work tree those of the clone that it is linked to.
    pub(super) common: PathBuf,
}

impl Place {
    /// Of the nearest folder above that has a `.git`, which no commit can hold; or else of a bare clone that is named
    /// itself.
    pub(super) fn find(folder: &Path) -> io::Result<Option<Self>> {
        let folder = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
        for top in folder.ancestors() {
            if let Some(own) = own(top)? {
                return Self::of(Some(top.to_owned()), own).map(Some);
            }
        }
        let looks_bare = is_repository(&folder) && folder.join("objects").is_dir() && folder.join("refs").is_dir();
        if looks_bare { Self::of(None, folder).map(Some) } else { Ok(None) }
    }

    fn of(top: Option<PathBuf>, own: PathBuf) -> io::Result<Self> {
        let head = own.join("HEAD");
        let text = pointer(fs::File::open(&head)?)?;
        let is_commit = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
        if !is_commit && !text.starts_with(b"ref: refs/") {
            let message = format!("{} names no branch and no commit: the clone is broken", head.display());
            return Err(io::Error::other(message));
        }
        let common = match fs::File::open(own.join("commondir")) {
            Ok(file) => own.join(OsStr::from_bytes(&pointer(file)?)).canonicalize()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => own.clone(),
            Err(error) => return Err(error),
        };
        Ok(Self { top, own, common })
    }
}

/// Where the `.git` of a folder is, if it has one.
fn own(top: &Path) -> io::Result<Option<PathBuf>> {
    let dot_git = top.join(".git");
    let found = match fs::metadata(&dot_git) {
        Ok(found) => found,
        Err(_) => return Ok(None),
    };
    if found.is_dir() {
        return Ok(is_repository(&dot_git).then_some(dot_git));
    }
    if !found.is_file() {
        return Ok(None);
    }
    let text = pointer(fs::File::open(&dot_git)?)?;
    let Some(at) = text.strip_prefix(b"gitdir: ") else {
        return Err(io::Error::other(format!("{} names no clone", dot_git.display())));
    };
    top.join(OsStr::from_bytes(at)).canonicalize().map(Some)
}

fn is_repository(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join("HEAD")).is_ok_and(|head| head.is_file() || head.is_symlink())
}

/// What such a file says, without the end of its line.
fn pointer(file: fs::File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_POINTER_BYTES).read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    bytes.truncate(end);
    Ok(bytes)
}
