//! Signatures of tokens, made and checked with `ring`.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{self as with, Ed25519KeyPair, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use std::sync::Once;

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Lets the crate for tokens use `ring`; before anything is signed or checked.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    // Somebody else's provider in the same process would do as well.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

struct Ed25519(Ed25519KeyPair);

impl Signer<Vec<u8>> for Ed25519 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    if *algorithm != Algorithm::EdDSA {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Ed25519(pair)))
}

/// A public key and the one way it is used.
struct Public {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Raw(UnparsedPublicKey<Vec<u8>>),
    Rsa { parts: RsaPublicKeyComponents<Vec<u8>>, parameters: &'static RsaParameters },
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let outcome = match &self.key {
            Key::Raw(key) => key.verify(message, signature),
            Key::Rsa { parts, parameters } => parts.verify(parameters, message, signature),
        };
        outcome.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    // A public key is no shared secret, whatever a token says.
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let rsa = |parameters| match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let parts = RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
            Ok(Key::Rsa { parts, parameters })
        }
        DecodingKeyKind::SecretOrDer(_) => Err(Error::from(ErrorKind::InvalidKeyFormat)),
    };
    let raw = |by: &'static dyn with::VerificationAlgorithm| {
        Ok::<_, Error>(Key::Raw(UnparsedPublicKey::new(by, key.try_get_as_bytes()?.to_vec())))
    };
    let key = match algorithm {
        Algorithm::EdDSA => raw(&with::ED25519)?,
        Algorithm::ES256 => raw(&with::ECDSA_P256_SHA256_FIXED)?,
        Algorithm::ES384 => raw(&with::ECDSA_P384_SHA384_FIXED)?,
        Algorithm::RS256 => rsa(&with::RSA_PKCS1_2048_8192_SHA256)?,
        Algorithm::RS384 => rsa(&with::RSA_PKCS1_2048_8192_SHA384)?,
        Algorithm::RS512 => rsa(&with::RSA_PKCS1_2048_8192_SHA512)?,
        Algorithm::PS256 => rsa(&with::RSA_PSS_2048_8192_SHA256)?,
        Algorithm::PS384 => rsa(&with::RSA_PSS_2048_8192_SHA384)?,
        Algorithm::PS512 => rsa(&with::RSA_PSS_2048_8192_SHA512)?,
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    Ok(Box::new(Public { algorithm: *algorithm, key }))
}
