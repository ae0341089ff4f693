//! Chat templates: a conversation as the text a model was trained on.
//!
//! Templates come from model files, so they are data from outside: they run with bounded fuel and can reach nothing.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::error::{Context, ErrorKind, Result};

/// Steps a template may take; SmolLM2's takes under a hundred for three messages.
const TEMPLATE_FUEL: u64 = 50_000;

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: &'static str,
    /// Its text.
    pub content: String,
}

/// A compiled chat template.
pub(super) struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    pub(super) fn compile(source: String, bos: String, eos: String) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(TEMPLATE_FUEL));
        environment.set_recursion_limit(20);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let unusable = || "the model's chat template".to_owned();
        environment.set_syntax(syntax.on(ErrorKind::ModelCorrupt, unusable)?);
        environment.add_template_owned("chat", source).on(ErrorKind::ModelCorrupt, unusable)?;
        Ok(Self { environment, bos, eos })
    }

    /// The prompt's text; with `answer_next` it ends where the assistant begins to speak.
    pub(super) fn render(&self, messages: &[Message], answer_next: bool) -> Result<String> {
        let failed = || "the model's chat template does not fit these messages".to_owned();
        self.environment
            .get_template("chat")
            .and_then(|template| {
                template.render(minijinja::context! {
                    messages => Value::from(Serde(messages)), add_generation_prompt => answer_next, bos_token => self.bos.as_str(), eos_token => self.eos.as_str(),
                })
            })
            .on(ErrorKind::Inference, failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: &'static str, content: &str) -> Message {
        Message { role, content: content.to_owned() }
    }

    #[test]
    fn a_template_sees_roles_contents_and_where_to_answer() {
        let source = "{% for message in messages %}{{ '<' + message['role'] + '>' + message['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
        let template = ChatTemplate::compile(source.into(), String::new(), String::new()).unwrap();
        let prompt = template.render(&[message("system", "Be short."), message("user", "Fee?")], true).unwrap();
        assert_eq!(prompt, "<system>Be short.<user>Fee?<assistant>");
    }

    #[test]
    fn an_endless_template_is_stopped() {
        let source = "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}";
        let template = ChatTemplate::compile(source.into(), String::new(), String::new()).unwrap();
        assert_eq!(template.render(&[], true).unwrap_err().kind, ErrorKind::Inference);
    }

    #[test]
    fn a_broken_template_is_the_models_fault() {
        let broken = ChatTemplate::compile("{% for %}".into(), String::new(), String::new());
        assert_eq!(broken.err().unwrap().kind, ErrorKind::ModelCorrupt);
    }
}
