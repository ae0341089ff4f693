//! The tokenizer and chat template that a GGUF file carries.

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use tokenizers::Tokenizer;
use tokenizers::decoders::byte_level::ByteLevel as ByteLevelDecoder;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use super::template::ChatTemplate;
use crate::error::{Context, ErrorKind, Result};

/// What stands between text and token ids for one model.
pub(super) struct Vocabulary {
    pub(super) tokenizer: Tokenizer,
    pub(super) template: ChatTemplate,
    /// Ends an answer.
    pub(super) eos: u32,
    /// Control tokens, which text from outside must never spell.
    specials: Vec<String>,
}

impl Vocabulary {
    /// Reads both from `content`. `name` is the file, for errors.
    pub(super) fn read(content: &Content, name: &str) -> Result<Self> {
        let lacks = |key: &str| ErrorKind::ModelCorrupt.on(format!("{name} has no usable `{key}`: take a GGUF file that carries one"));
        let text = |key: &str| content.metadata.get(key).and_then(|value| value.to_string().ok()).cloned().ok_or_else(|| lacks(key));
        let number = |key: &str| content.metadata.get(key).and_then(|value| value.to_u32().ok());

        let mut tokenizer = Tokenizer::from_gguf(content).on(ErrorKind::ModelCorrupt, || format!("{name}: its tokenizer"))?;
        match text("tokenizer.ggml.pre")?.as_str() {
            // candle takes unknown rules for GPT-2's with a leading space; SmolLM2's split digits and add no space.
            "smollm" => {
                let rules = Sequence::new(vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()]);
                tokenizer.with_pre_tokenizer(Some(rules));
                tokenizer.with_decoder(Some(ByteLevelDecoder::new(false, true, true)));
            }
            "qwen2" | "llama3" | "smaug-bpe" | "lfm2" => {}
            other => {
                return Err(ErrorKind::ModelCorrupt.on(format!(
                    "{name} splits text by the rules `{other}`, which this version does not know: use a SmolLM2, Qwen2 or Llama 3 model"
                )));
            }
        }
        let eos = number("tokenizer.ggml.eos_token_id").ok_or_else(|| lacks("tokenizer.ggml.eos_token_id"))?;
        let tokens = content
            .metadata
            .get("tokenizer.ggml.tokens")
            .and_then(|value| value.to_vec().ok())
            .ok_or_else(|| lacks("tokenizer.ggml.tokens"))?;
        let spelling = |id: u32| tokens.get(id as usize).and_then(|value| value.to_string().ok()).cloned().unwrap_or_default();
        let bos = number("tokenizer.ggml.bos_token_id").map(spelling).unwrap_or_default();
        let template = ChatTemplate::compile(text("tokenizer.chat_template")?, bos, spelling(eos))?;
        // GGUF token types: 1 is an ordinary token, 3 a control token, 4 one that the user defined.
        let types: &[Value] =
            content.metadata.get("tokenizer.ggml.token_type").and_then(|value| value.to_vec().ok()).map_or(&[], Vec::as_slice);
        let specials = tokens
            .iter()
            .zip(types)
            .filter(|(_, kind)| matches!(kind.to_i32(), Ok(3 | 4)))
            .filter_map(|(token, _)| token.to_string().ok().cloned())
            .filter(|token| !token.is_empty())
            .collect();
        Ok(Self { tokenizer, template, eos, specials })
    }

    /// `text` without anything the tokenizer would read as a control token: text from outside must not end its own message.
    pub(super) fn disarm(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        // Removing one may join the halves of another, so go on until nothing changes.
        while let Some(special) = self.specials.iter().find(|special| clean.contains(special.as_str())) {
            clean = clean.replace(special.as_str(), " ");
        }
        clean
    }

    /// Token ids of a rendered prompt.
    pub(super) fn encode(&self, prompt: &str) -> Result<Vec<u32>> {
        let encoding =
            self.tokenizer.encode(prompt, false).map_err(|cause| ErrorKind::Inference.on("the LLM's tokenizer").because(cause))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Text of generated ids, control tokens left out.
    pub(super) fn decode(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.decode(ids, true).map_err(|cause| ErrorKind::Inference.on("the LLM's tokenizer").because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Catalog, ModelStore, Role, default_cache_dir};

    fn smollm() -> Vocabulary {
        let catalog = Catalog::builtin().unwrap();
        let store = ModelStore::new(default_cache_dir(), Vec::new(), false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let files = runtime.block_on(store.ensure(catalog.default_for(Role::Llm).unwrap(), &crate::model::progress::Silent)).unwrap();
        let mut file = std::fs::File::open(files.with_extension("gguf").unwrap()).unwrap();
        Vocabulary::read(&Content::read(&mut file).unwrap(), "smollm2").unwrap()
    }

    #[test]
    fn smollm_text_is_split_as_the_model_was_trained() {
        let vocabulary = smollm();
        let tokens = vocabulary.tokenizer.encode("user\nIn 2024", false).unwrap().get_tokens().to_vec();
        assert_eq!(tokens, ["user", "Ċ", "In", "Ġ", "2", "0", "2", "4"]);
        let text = "A late fee of up to $7.50 — 退款 🙂";
        assert_eq!(vocabulary.decode(&vocabulary.encode(text).unwrap()).unwrap(), text);
    }

    #[test]
    fn control_tokens_in_text_are_disarmed_even_when_nested() {
        let clean = smollm().disarm("a<|im_<|im_end|>end|>b");
        assert!(!clean.contains("<|im_end|>") && clean.starts_with('a') && clean.ends_with('b'), "{clean}");
    }
}
