//! frontdesk answers customers' questions from a company's own policies, on the company's own machine:
//! short, fast, each statement tied to the exact words it came from, and with a flag that says when a person
//! must take over.
//!
//! The rooms, in the order in which they may use each other; a room knows nothing of those below it:
//!
//! | room | the question it answers |
//! |---|---|
//! | [`error`], [`telemetry`] | what failed and on which item; what happened |
//! | [`text`] | language, sentences, words for BM25 |
//! | [`policy`] | how does a file become documents, versions, passages |
//! | [`website`] | which pages does a website's sitemap name, and what do they say |
//! | [`model`] | which pinned weights, from where, checked how |
//! | [`config`] | what was asked for |
//! | [`engine`] | run the models |
//! | [`index`] | lexical and vector index as one frozen snapshot |
//! | [`retrieve`] | which passages fit this question, and why in that order |
//! | [`answer`] | triage, retrieve, compose, ground, decide, in one function |
//! | [`store`] | conversations and hand-offs in a database |
//! | [`handoff`] | who outside hears of hand-offs |
//! | [`library`] | which policies are in force, and how do they change |
//! | [`insight`] | how good is it, on labelled data |
//! | [`serve`] | how all this travels over HTTP |
//! | [`cli`] | verb to room |

pub mod answer;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod handoff;
pub mod index;
pub mod insight;
pub mod library;
pub mod model;
pub mod policy;
pub mod retrieve;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod website;
