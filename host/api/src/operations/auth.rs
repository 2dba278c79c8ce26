//! `/auth`: who asks, and how to become somebody who may.

use super::{Operation, Tag, get, post};
use crate::login;
use axum::http::StatusCode;
use serde_json::{Map, Value};
use trunkline_store::Role;

const TAG: Tag = Tag::Auth;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/auth/login", "logIn", TAG, "Logs a browser in")
            .details("Sets a cookie. The answer's `csrf` goes into `X-CSRF-Token` of whatever changes something.")
            .takes::<login::Proof>()
            .gives::<login::Me>(StatusCode::OK)
            .refuses(&[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS])
            .run(login::login),
        post("/auth/logout", "logOut", TAG, "Ends the browser's session")
            .least(Role::Viewer)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(login::logout),
        get("/auth/me", "whoAmI", TAG, "Who asks, and what they may")
            .least(Role::Viewer)
            .gives::<login::Me>(StatusCode::OK)
            .run(login::me),
        post("/auth/token", "issueToken", TAG, "Makes a token that lives for hours")
            .details(
                "A JWT, signed by this host (EdDSA; its public keys are at `/.well-known/jwks.json`). It opens nothing any \
                 more when the key, the person or the token that has asked for it does not.",
            )
            .least(Role::Viewer)
            .takes::<login::Wanted>()
            .gives::<login::Issued>(StatusCode::CREATED)
            .secret()
            .run(login::issue),
        post("/auth/links", "makeLoginLink", TAG, "Makes a link that logs a browser in, once")
            .least(Role::Operator)
            .gives::<login::Link>(StatusCode::CREATED)
            .secret()
            .run(login::link),
        post("/auth/signing-keys", "rotateSigningKey", TAG, "Signs tokens with a new key from now on")
            .details("What older keys have signed is good until it expires.")
            .least(Role::Operator)
            .gives::<login::Rotated>(StatusCode::CREATED)
            .run(login::rotate),
        get("/.well-known/jwks.json", "getSigningKeys", TAG, "The public keys that tokens of this host are signed with")
            .outside()
            .gives::<Map<String, Value>>(StatusCode::OK)
            .run(login::keys),
    ]
}
