//! Tokens that say who somebody is (JWT): those that this host signs, and those of issuers that the operator trusts.
//!
//! A token is checked by a key that was found by its `kid` and by the one algorithm that this key is for; what the token
//! itself says about algorithms is compared, never followed.

pub(super) mod check;
mod crypto;
mod issuers;
mod own;

pub use issuers::Issuer;
pub(crate) use issuers::Issuers;
pub(crate) use own::{Claims, MAX_TTL_S, SigningKeys};

use crate::Problem;
use crate::auth::unauthorised;

/// Why a token opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the token is no JWT")]
    Malformed,
    #[error("the token names no key (`kid`)")]
    NoKey,
    #[error("the token is signed with a key that is not known here")]
    UnknownKey,
    #[error("the token is signed in another way than its key is for")]
    Algorithm,
    #[error("the token's signature is not right")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
    #[error("the token is from an issuer that is not trusted here")]
    Issuer,
    #[error("the token is for somebody else (`aud`)")]
    Audience,
    #[error("the token has no usable `{0}`")]
    Claim(String),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        unauthorised(refused.to_string())
    }
}
