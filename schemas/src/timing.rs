//! What a campaign says about time: when its conversations are attended, how soon customers are answered, and how long
//! they may be silent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::DispositionId;

/// All that a campaign says about time; by default nothing, and then it is small: events are moved about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// What becomes of a conversation whose customer does not answer.
    pub inactivity: Option<Box<Inactivity>>,
    /// How soon customers are answered.
    pub service_level: Option<ServiceLevel>,
    /// When conversations are attended; always if absent.
    pub business_hours: Option<Box<BusinessHours>>,
}

/// What becomes of a conversation that an agent has and whose customer does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inactivity {
    /// How many seconds after the agent's last message the customer is warned: 1 to a week. Absent when they are not.
    #[serde(default)]
    pub warn_after_seconds: Option<u32>,
    /// What the warning says; needed to warn, and for nothing else. At most 4,096 characters.
    #[serde(default)]
    pub warn_text: Option<String>,
    /// How many seconds after the warning, or after the agent's last message where there is none, the conversation is
    /// finished: 1 to a week.
    pub close_after_seconds: u32,
    /// What the customer is told then; nothing if absent. At most 4,096 characters.
    #[serde(default)]
    pub close_text: Option<String>,
    /// What it is finished with; one of the campaign's.
    pub disposition: DispositionId,
    /// The sub-disposition, when the disposition has any.
    #[serde(default)]
    pub sub_disposition: Option<DispositionId>,
}

/// How soon customers are answered by a person. Where there are business hours, only they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceLevel {
    /// How many seconds the first answer may take, from when the conversation was opened: 1 to a week.
    pub first_response_seconds: Option<u32>,
    /// How many seconds the next ones may take, from the customer's first message after our last: 1 to a week.
    pub next_response_seconds: Option<u32>,
}

/// When a campaign's conversations are attended. Outside these hours they are given to nobody, but may be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessHours {
    /// The clock that counts, by its name in the IANA time zone database, such as `Europe/Madrid`.
    pub time_zone: String,
    /// The hours of every week; at least one, at most 50. None may overlap.
    pub weekly: Vec<OpenHours>,
    /// Days on which nobody attends, such as `2026-12-25`; at most 400.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// What a customer is told who writes outside these hours, once until they begin again; nothing if absent. At most
    /// 4,096 characters.
    #[serde(default)]
    pub outside_text: Option<String>,
}

/// The same hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// On which days; at least one.
    pub days: Vec<Weekday>,
    /// From when, such as `09:00`.
    pub from: String,
    /// To when, such as `18:00`, on the same day; `24:00` is its end.
    pub to: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "there is nothing to add")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl std::fmt::Display for Weekday {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        };
        f.write_str(name)
    }
}
