//! Placeholder.

pub mod demo;
pub mod whatsapp;
