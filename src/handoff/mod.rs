//! Who outside hears of hand-offs, and how do we know that they have?
//!
//! In: events that the store keeps for each endpoint. Out: signed HTTP requests, tried again until the endpoint takes them or is given
//! up; what was given up waits to be replayed. Endpoints are read from an operator's file (`endpoint`), bodies take the form that the
//! other system knows (`payload`). Customers' words were redacted before they were kept for delivery.
//! Must not know: our own HTTP routes, models.

mod courier;
mod endpoint;
mod payload;
#[cfg(test)]
mod tests;

pub use courier::Courier;
pub use endpoint::{Endpoint, Format, parse_endpoints, read_endpoints};
pub use payload::{Request, signature};
