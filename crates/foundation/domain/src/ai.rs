//! Language models: who provides them, and whose key pays.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// A provider of language models.
    AiProvider {
        /// OpenAI.
        OpenAi = "openai",
        /// Google Gemini.
        Gemini = "gemini",
        /// Anthropic.
        Anthropic = "anthropic",
    }
);

named_enum!(
    /// Whose key a model was asked with.
    KeyOwner {
        /// The platform's.
        System = "system",
        /// The customer's own.
        Customer = "customer",
    }
);
