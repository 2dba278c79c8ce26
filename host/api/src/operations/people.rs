//! `/users`, `/keys` and `/secrets`: who may do what, and what only the host knows.

use super::{Operation, Tag, delete, get, patch, post, put};
use crate::calls::Items;
use crate::login::Link;
use crate::params::PageQuery;
use crate::{keys, secrets, users};
use axum::http::StatusCode;
use trunkline_store::{ApiKey, Page, Role, SecretInfo, User};

pub(super) fn operations() -> Vec<Operation> {
    people().into_iter().chain(programs()).chain(hidden()).collect()
}

fn people() -> Vec<Operation> {
    const TAG: Tag = Tag::Users;
    vec![
        get("/users", "listUsers", TAG, "Lists people, newest first")
            .least(Role::Admin)
            .query::<PageQuery>()
            .query::<users::Of>()
            .gives::<Page<User>>(StatusCode::OK)
            .run(users::list),
        post("/users", "createUser", TAG, "Adds a person")
            .least(Role::Admin)
            .query::<users::Of>()
            .takes::<users::New>()
            .gives::<User>(StatusCode::CREATED)
            .tagged()
            .refuses(&[StatusCode::CONFLICT])
            .run(users::create),
        get("/users/{id}", "getUser", TAG, "A person")
            .least(Role::Admin)
            .query::<users::Of>()
            .gives::<User>(StatusCode::OK)
            .tagged()
            .run(users::show),
        patch("/users/{id}", "changeUser", TAG, "Changes a person's name, role, password or access")
            .least(Role::Admin)
            .query::<users::Of>()
            .takes_patch::<users::Change>()
            .gives::<User>(StatusCode::OK)
            .conditional()
            .run(users::change),
        delete("/users/{id}", "deleteUser", TAG, "Removes a person and ends their sessions")
            .least(Role::Admin)
            .query::<users::Of>()
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(users::delete),
        post("/users/{id}/link", "makeUserLink", TAG, "Makes a link that logs a person in, once")
            .least(Role::Admin)
            .query::<users::Of>()
            .gives::<Link>(StatusCode::CREATED)
            .secret()
            .run(users::link),
    ]
}

fn programs() -> Vec<Operation> {
    const TAG: Tag = Tag::Keys;
    vec![
        get("/keys", "listKeys", TAG, "Lists keys of programs, newest first, revoked ones too")
            .least(Role::Admin)
            .query::<PageQuery>()
            .gives::<Page<ApiKey>>(StatusCode::OK)
            .run(keys::list),
        post("/keys", "createKey", TAG, "Makes a key for a program")
            .least(Role::Admin)
            .takes::<keys::New>()
            .gives::<keys::NewlyMade>(StatusCode::CREATED)
            .secret()
            .refuses(&[StatusCode::CONFLICT])
            .run(keys::create),
        get("/keys/{id}", "getKey", TAG, "What is known of a key")
            .least(Role::Admin)
            .gives::<ApiKey>(StatusCode::OK)
            .run(keys::show),
        delete("/keys/{id}", "revokeKey", TAG, "Revokes a key")
            .least(Role::Admin)
            .gives::<ApiKey>(StatusCode::OK)
            .run(keys::revoke),
    ]
}

fn hidden() -> Vec<Operation> {
    const TAG: Tag = Tag::Secrets;
    vec![
        get("/secrets", "listSecrets", TAG, "Lists secrets by name, without their values")
            .least(Role::Admin)
            .gives::<Items<SecretInfo>>(StatusCode::OK)
            .run(secrets::list),
        get("/secrets/{name}", "getSecret", TAG, "What is known of a secret, without its value")
            .least(Role::Admin)
            .gives::<SecretInfo>(StatusCode::OK)
            .run(secrets::show),
        put("/secrets/{name}", "setSecret", TAG, "Sets a secret; its value is never shown")
            .least(Role::Admin)
            .takes::<secrets::Set>()
            .gives::<SecretInfo>(StatusCode::OK)
            .gives::<SecretInfo>(StatusCode::CREATED)
            .run(secrets::set),
        delete("/secrets/{name}", "deleteSecret", TAG, "Deletes a secret")
            .least(Role::Admin)
            .gives_nothing(StatusCode::NO_CONTENT)
            .run(secrets::delete),
    ]
}
