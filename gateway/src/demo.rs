//! What `atender demo`, the whole-system tests and the bench run against in place of the outside world.

pub mod whatsapp_stand_in;
