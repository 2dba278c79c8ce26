//! What brings pocketsphinx to telephone sound: its model was taught on wideband sound, and a telephone's upper half of the
//! band is empty.
//!
//! The model is brought to the sound instead of the sound to the model: `feat.params` has the cepstral mean of such sound
//! to begin with (the command line cannot set it: a model's own file wins), and `mllr` maps the model's means and
//! variances to what they are without the upper half.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const FEATURES: &str = "feat.params";
const ADAPTATION: &str = "mllr";

/// The files, written when they are first asked for and removed with this.
#[derive(Default)]
pub(super) struct Features(OnceLock<Option<PathBuf>>);

impl Features {
    /// Further arguments for telephone sound; none: the files cannot be written here.
    pub(super) fn telephone(&self) -> Option<Vec<String>> {
        let folder = self.0.get_or_init(|| {
            let folder = super::scratch_path().with_extension("telephone");
            let written = write(&folder);
            written.inspect_err(|error| tracing::warn!(%error, "telephones will be recognised less well")).ok()?;
            Some(folder)
        });
        let folder = folder.as_ref()?;
        let file = |name| folder.join(name).to_string_lossy().into_owned();
        // Dither makes the empty half of the band the same, whoever converted the sound.
        let plain = ["-remove_noise", "no", "-dither", "yes", "-seed", "1"].map(str::to_owned);
        let named = ["-featparams".to_owned(), file(FEATURES), "-mllr".to_owned(), file(ADAPTATION)];
        Some(plain.into_iter().chain(named).collect())
    }
}

impl Drop for Features {
    fn drop(&mut self) {
        if let Some(Some(folder)) = self.0.get() {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// Fails where the folder is there already: it must be ours.
fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder)?;
    std::fs::write(folder.join(FEATURES), include_str!("telephone/feat.params"))?;
    std::fs::write(folder.join(ADAPTATION), include_str!("telephone/mllr"))
}
