//! What a phone keeps in its hardware, in files: nothing of it stays in this process.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use koppel_ffi::platform::{DeviceKeys, KeyLevel, KeyPurpose, MadeKey, PlatformError, SecretStore, UserVerification};
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use rand::RngCore as _;

/// A file for each secret.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(B64.encode(name))
    }
}

impl SecretStore for Files {
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, PlatformError> {
        match fs::read(self.path(&name)) {
            Ok(secret) => Ok(Some(secret)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn set(&self, name: String, secret: Vec<u8>) -> Result<(), PlatformError> {
        fs::write(self.path(&name), secret).map_err(|error| failed(&error))
    }

    fn delete(&self, name: String) -> Result<(), PlatformError> {
        match fs::remove_file(self.path(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    fn names(&self) -> Result<Vec<String>, PlatformError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(|error| failed(&error))? {
            let name = entry.map_err(|error| failed(&error))?.file_name();
            let name = B64.decode(name.as_encoded_bytes()).map_err(|error| failed(&error))?;
            names.push(String::from_utf8(name).map_err(|error| failed(&error))?);
        }
        Ok(names)
    }
}

/// Keys on P-256 among those files.
pub(crate) struct FileKeys(pub(crate) Files);

impl FileKeys {
    const PREFIX: &str = "key/";

    fn name(alias: &str) -> String {
        format!("{}{alias}", Self::PREFIX)
    }

    /// The person agrees.
    pub(crate) fn approve(&self, alias: &str, payload: &[u8]) -> Result<Vec<u8>, PlatformError> {
        let scalar = self.0.get(Self::name(alias))?.ok_or(PlatformError::KeyInvalidated)?;
        let key = SigningKey::from_slice(&scalar).map_err(|error| failed(&error))?;
        let signature: DerSignature = key.sign(payload);
        Ok(signature.as_bytes().to_vec())
    }
}

impl DeviceKeys for FileKeys {
    fn make(&self, alias: String, purpose: KeyPurpose) -> Result<MadeKey, PlatformError> {
        let mut scalar = [0; 32];
        let key = loop {
            rand::rng().fill_bytes(&mut scalar);
            if let Ok(key) = SigningKey::from_slice(&scalar) {
                break key;
            }
        };
        self.0.set(Self::name(&alias), scalar.to_vec())?;
        let public_key = key.verifying_key().to_public_key_der().map_err(|error| failed(&error))?;
        let verification = match purpose {
            KeyPurpose::Id => UserVerification::None,
            KeyPurpose::Approve => UserVerification::Pin,
        };
        Ok(MadeKey { public_key: public_key.into_vec(), level: KeyLevel::Software, verification })
    }

    fn sign(&self, alias: String, payload: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.approve(&alias, &payload)
    }

    fn delete(&self, alias: String) -> Result<(), PlatformError> {
        self.0.delete(Self::name(&alias))
    }

    fn aliases(&self) -> Result<Vec<String>, PlatformError> {
        let names = self.0.names()?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(Self::PREFIX)).map(str::to_owned).collect())
    }
}

fn failed(error: &dyn std::fmt::Display) -> PlatformError {
    PlatformError::Failed { reason: error.to_string() }
}
