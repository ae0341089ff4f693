//! Verbs for whoever runs the desk: rules, webhooks, what is kept of a customer, and how it all goes.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::print_json;
use crate::answer::Handover;
use crate::answer::handover::DEFAULT;
use crate::config::{DatabasePlace, Settings};
use crate::error::{ErrorKind, Result};
use crate::handoff::read_endpoints;
use crate::insight::{AGENT_MINUTES, DeskReport, desk_report};
use crate::store::{OutboxState, Store};

/// What to do with the rules.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum HandoverCommand {
    /// Print the shipped rules, to begin a file of your own with
    Print,
    /// Check a file of rules
    Check {
        /// The file [default: the one of --handover]
        file: Option<PathBuf>,
    },
}

/// What to do with webhooks.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum WebhooksCommand {
    /// Check the file of --webhooks
    Check,
    /// List events: those that were given up, unless another state is named
    List {
        /// waiting, delivered or dead
        #[arg(long, default_value = "dead")]
        state: String,
        /// At most so many, the newest
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Let events that were given up be tried again: one, or all
    Replay {
        /// The event
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// Whose data.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// One conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// All conversations that were begun with this customer_id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

/// What to do with what is kept.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum PrivacyCommand {
    /// Print all that is kept, as JSON
    Export(Whose),
    /// Delete all that is kept; what other systems have heard stays with them
    Erase(Whose),
}

/// Which days, and at what cost.
#[derive(Debug, Clone, clap::Args)]
pub struct InsightsArgs {
    /// First day [default: four weeks ago]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Minutes of a person that a hand-off takes
    #[arg(long, env = "FRONTDESK_AGENT_MINUTES", value_name = "MINUTES", default_value_t = AGENT_MINUTES)]
    agent_minutes: f64,
    /// Print the weeks as a table for spreadsheets
    #[arg(long)]
    csv: bool,
}

/// `frontdesk handover`.
pub(super) fn handover(settings: &Settings, command: HandoverCommand) -> Result<u8> {
    match command {
        HandoverCommand::Print => print!("{DEFAULT}"),
        HandoverCommand::Check { file } => {
            let file = file.or_else(|| settings.handover.clone());
            let file = file.ok_or_else(|| ErrorKind::BadSetting.on("no file of rules is named: give one, or --handover"))?;
            Handover::read(&file)?;
            println!("{}: these rules can be used.", file.display());
        }
    }
    Ok(0)
}

/// `frontdesk webhooks`.
pub(super) async fn webhooks(settings: &Settings, command: WebhooksCommand) -> Result<u8> {
    match command {
        WebhooksCommand::Check => {
            let file =
                settings.webhooks.as_deref().ok_or_else(|| ErrorKind::BadSetting.on("no file of webhooks is named: give --webhooks"))?;
            for endpoint in read_endpoints(file)? {
                let signed = if endpoint.secret.is_some() { "signed" } else { "unsigned" };
                println!("{}: {signed}, {} kinds of events", endpoint.name, endpoint.events.len());
            }
        }
        WebhooksCommand::List { state, limit } => {
            let state: OutboxState = serde_json::from_value(state.clone().into())
                .map_err(|_| ErrorKind::BadSetting.on(format!("--state {state}: it must be waiting, delivered or dead")))?;
            let events = open(settings).await?.outbox(state, limit).await?;
            if settings.json {
                print_json(&json!({ "events": events }))?;
            } else {
                for event in events {
                    let why = event.last_error.unwrap_or_default();
                    println!("{}  {}  {} → {}  {} tries  {why}", event.created_at, event.id, event.event, event.endpoint, event.attempts);
                }
            }
        }
        WebhooksCommand::Replay { id, .. } => {
            let again = open(settings).await?.replay(id.as_deref()).await?;
            if settings.json { print_json(&json!({ "replayed": again }))? } else { println!("{again} events will be tried again.") }
        }
    }
    Ok(0)
}

/// `frontdesk privacy`.
pub(super) async fn privacy(settings: &Settings, command: PrivacyCommand) -> Result<u8> {
    let store = open(settings).await?;
    let unknown = |whose: &Whose| {
        let id = whose.conversation.as_ref().or(whose.customer.as_ref()).cloned().unwrap_or_default();
        ErrorKind::NotFound.on(format!("nothing is kept of `{id}`"))
    };
    match command {
        PrivacyCommand::Export(whose) => {
            let kept = match (&whose.conversation, &whose.customer) {
                (Some(id), _) => store.export(id).await?.into_iter().collect(),
                (None, Some(id)) => store.export_customer(id).await?,
                (None, None) => Vec::new(),
            };
            if kept.is_empty() {
                return Err(unknown(&whose));
            }
            print_json(&json!({ "conversations": kept }))?;
        }
        PrivacyCommand::Erase(whose) => {
            let erased = match (&whose.conversation, &whose.customer) {
                (Some(id), _) => store.erase(id).await?,
                (None, Some(id)) => store.erase_customer(id).await?,
                (None, None) => Default::default(),
            };
            if erased.conversations == 0 {
                return Err(unknown(&whose));
            }
            if settings.json {
                print_json(&erased)?;
            } else {
                println!(
                    "Deleted {} conversations with {} questions and {} hand-offs.",
                    erased.conversations, erased.turns, erased.handoffs
                );
            }
        }
    }
    store.close().await;
    Ok(0)
}

/// `frontdesk insights`.
pub(super) async fn insights(settings: &Settings, wishes: InsightsArgs) -> Result<u8> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let last = wishes.to.unwrap_or(today);
    let first = wishes.from.unwrap_or_else(|| last.saturating_sub(27.days()));
    if first > last {
        return Err(ErrorKind::BadSetting.on(format!("--from {first} is after --to {last}")));
    }
    let at = |day: Date| {
        let time = day.to_zoned(TimeZone::UTC).map(|time| time.timestamp());
        time.map_err(|cause| ErrorKind::BadSetting.on(format!("{day} is too far away")).because(cause))
    };
    let (from, to) = (at(first)?, at(last.saturating_add(1.days()))?);
    let report = desk_report(&open(settings).await?.history(from, to).await?, from, to, wishes.agent_minutes);
    match (wishes.csv, settings.json) {
        (true, _) => print!("{}", report.to_csv()),
        (false, true) => print_json(&report)?,
        (false, false) => print!("{}", on_terminal(&report)),
    }
    Ok(0)
}

fn on_terminal(report: &DeskReport) -> String {
    let all = &report.total;
    let percent = |rate: f64| format!("{:.1} %", rate * 100.0);
    let mut text = format!(
        "{} questions in {} conversations\n  contained       {}\n  person called   {} of questions\n  person offered  {} of questions\n  came back       {}\n  thumbs          {} up, {} down\n  latency         p50 {:.0} ms, p95 {:.0} ms\n  hand-offs       {}, {} taken, {} given up, {:.0} minutes of people\n",
        all.questions,
        all.conversations,
        percent(all.containment_rate),
        percent(all.escalation_rate),
        percent(all.offer_rate),
        percent(all.repeat_contact_rate),
        all.thumbs_up,
        all.thumbs_down,
        all.latency_ms.p50,
        all.latency_ms.p95,
        all.handoffs.begun,
        all.handoffs.accepted,
        all.handoffs.timed_out,
        all.handoffs.agent_minutes
    );
    for (reason, count) in &all.escalations {
        text.push_str(&format!("  {count:>6}  {reason}\n"));
    }
    for week in &report.weeks {
        let one = &week.figures;
        text.push_str(&format!(
            "week of {}: {} questions, contained {}, called {}\n",
            week.week,
            one.questions,
            percent(one.containment_rate),
            percent(one.escalation_rate)
        ));
    }
    if !report.unanswered.is_empty() {
        text.push_str("What no policy answered:\n");
    }
    for group in &report.unanswered {
        let example = group.examples.first().map(String::as_str).unwrap_or_default();
        text.push_str(&format!("  {:>3} × ({:.0} min)  {example}\n", group.questions, group.agent_minutes));
    }
    text
}

/// The database, which a server must have made before.
async fn open(settings: &Settings) -> Result<Store> {
    if let DatabasePlace::File(path) = &settings.database
        && !path.exists()
    {
        let what = format!("{}: no server has kept anything here yet: name its --data or --database", path.display());
        return Err(ErrorKind::NotFound.on(what));
    }
    Store::open_at(&settings.database).await
}
