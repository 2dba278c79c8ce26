//! `/auth`: who asks, and how to become somebody who may.

use super::{Operation, Tag, get, post};
use crate::login;
use axum::http::StatusCode;
use trunkline_store::Role;

const TAG: Tag = Tag::Auth;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/auth/login", "logIn", TAG, "Logs a browser in")
            .takes::<login::Login>()
            .gives::<login::Me>(StatusCode::OK)
            .refuses(&[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS])
            .run(login::login),
        post("/auth/links", "makeLoginLink", TAG, "Makes a link that logs a browser in, once")
            .least(Role::Operator)
            .gives::<login::Link>(StatusCode::CREATED)
            .secret()
            .run(login::link),
        post("/auth/logout", "logOut", TAG, "Ends the browser's session")
            .least(Role::Viewer)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(login::logout),
        get("/auth/me", "whoAmI", TAG, "Who asks, and what they may")
            .least(Role::Viewer)
            .gives::<login::Me>(StatusCode::OK)
            .run(login::me),
    ]
}
