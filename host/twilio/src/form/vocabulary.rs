//! The words Twilio uses for the state and the direction of a call.

/// Makes an enum of known words that keeps the unknown ones, so that a new word of Twilio's is never an error.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// Reads Twilio's word.
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }

            /// Twilio's word.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from_word(&word))
            }
        }
    };
}
pub(super) use words;

words! {
    /// The state of a call.
    CallStatus {
        /// Accepted by Twilio, not dialled yet.
        Queued = "queued",
        /// Being dialled.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// Answered.
        InProgress = "in-progress",
        /// Over after having been answered.
        Completed = "completed",
        /// The callee was busy.
        Busy = "busy",
        /// Could not be carried.
        Failed = "failed",
        /// Nobody answered in time.
        NoAnswer = "no-answer",
        /// Withdrawn before it was answered.
        Canceled = "canceled",
    }
}

words! {
    /// Who started a call.
    Direction {
        /// Somebody called one of our numbers.
        Inbound = "inbound",
        /// Started through the REST interface.
        OutboundApi = "outbound-api",
        /// Started by a `<Dial>`.
        OutboundDial = "outbound-dial",
    }
}

impl CallStatus {
    /// Whether nothing follows: the call is over.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled)
    }
}
