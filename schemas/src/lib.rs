//! What atender writes down and what crosses a wire: ids, positions, frames, events, commands, error codes.
//! Formats are described in `schemas/README.md`; nothing here reads a clock, mints an id or does I/O.

pub mod api;
mod codec;
pub mod command;
pub mod contact;
pub mod content;
pub mod delivery;
pub mod event;
pub mod forward;
pub mod frame;
pub mod ids;
pub mod limits;
pub mod masters;
pub mod position;
pub mod rejection;
pub mod routing;
pub mod text;
pub mod time;
pub mod timing;
mod upcast;

pub use codec::{DecodeError, decode, decode_first, encode};
pub use command::{Actor, Command, Submission};
pub use contact::{ContactField, FieldDefinition, FieldKind, FieldSet, Identity};
pub use content::{Content, TransferTarget};
pub use delivery::{DeliveryError, DeliveryStatus};
pub use event::Event;
pub use ids::{
    AgentId, CampaignId, ChannelId, ClientId, CommandId, ContactId, ConversationId, DispositionId, FieldId,
    FrameId, MessageId, ProjectId, ReasonId, Shortcut, SkillId, TextId, WorkspaceId,
};
pub use masters::{Absence, AwayReason, ChannelKind, ExclusiveWait, Presence, Role};
pub use position::{Position, PositionError, ShardId};
pub use rejection::{Rejection, RejectionKind};
pub use routing::{Needs, Overflow, Routing, RoutingPolicy, Skills};
pub use time::Timestamp;
pub use timing::{BusinessHours, Inactivity, OpenHours, ServiceLevel, Timing, Weekday};
