//! A media socket finds its call: by its token, once.

use crate::driver::Mail;
use crate::resolve::now_s;
use crate::sessions::Sessions;
use crate::unix_ms;
use trunkline_contract::CallId;
use trunkline_contract::id::InvalidId;
use trunkline_store::StoreError;
use trunkline_telephony::MediaSocket;
use trunkline_twilio::media::Start;
use trunkline_twilio::token::{TokenError, verify};

/// Why a media socket is not let in.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum AttachError {
    #[error("it brought no call token")]
    NoToken,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("its call token was used before")]
    Used,
    #[error("its `start` names another call than its token")]
    OtherCall,
    #[error("its audio is {found}, expected {wanted}")]
    Format { found: String, wanted: &'static str },
    #[error("its call is not live here")]
    NotLive,
    #[error(transparent)]
    Id(#[from] InvalidId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// Hands a socket to its call.
    ///
    /// # Errors
    /// Gives the socket back with the reason, to be closed.
    pub async fn attach(
        &self,
        token: Option<&str>,
        start: &Start,
        socket: MediaSocket,
    ) -> Result<(), (MediaSocket, AttachError)> {
        let call = match self.authorise(token, start).await {
            Ok(call) => call,
            Err(error) => return Err((socket, error)),
        };
        let Some(handle) = self.handle(call) else { return Err((socket, AttachError::NotLive)) };
        match handle.mailbox.send(Mail::Attach(Box::new(socket))).await {
            Ok(()) => Ok(()),
            Err(tokio::sync::mpsc::error::SendError(Mail::Attach(socket))) => Err((*socket, AttachError::NotLive)),
            // Only what was sent comes back.
            Err(tokio::sync::mpsc::error::SendError(
                Mail::Control(_) | Mail::Chat(_) | Mail::Switch(_) | Mail::Leave,
            )) => Ok(()),
        }
    }

    async fn authorise(&self, token: Option<&str>, start: &Start) -> Result<CallId, AttachError> {
        let claims = verify(&self.0.config.token_key, token.ok_or(AttachError::NoToken)?, now_s())?;
        if claims.call_sid != start.call_sid || claims.account_sid != start.account_sid {
            return Err(AttachError::OtherCall);
        }
        let call: CallId = claims.call_id.parse()?;
        let line = self.handle(call).ok_or(AttachError::NotLive)?.line;
        let format = &start.media_format;
        if !line.takes(format) {
            let found = format!("{} at {} Hz, {} channel(s)", format.encoding, format.sample_rate, format.channels);
            return Err(AttachError::Format { found, wanted: line.wanted() });
        }
        let nonce = claims.nonce.to_vec();
        let first = self.0.store.nonce_use(nonce, call, claims.expires_at_s * 1_000, unix_ms()).await?;
        if first { Ok(call) } else { Err(AttachError::Used) }
    }
}
