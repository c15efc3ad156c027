//! The cost of requests by the configured price lists, and their upper bounds for reservations.

use super::{
    AnalysisRequest, Gemini, TokenCount,
    image_request::{SIZES, nearest_size},
};

/// The sizes that models support unless the configuration overrides them; matched by prefix, so also for dated and
/// preview names.
const KNOWN_SIZES: [(&str, &[&str]); 2] =
    [("gemini-2.5-flash-image", &["1K"]), ("gemini-3-pro-image", &["1K", "2K", "4K"])];

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextPrice {
    pub input: f64,
    pub output: f64,
}

impl TextPrice {
    /// Millionths of a dollar, rounded up.
    fn of(self, tokens: TokenCount) -> i64 {
        // Dollars per million tokens equal millionths of a dollar per token; `micros` scales them by another million,
        // divided out below.
        let side = |price: f64, count: i64| i128::from(micros(price)) * i128::from(count.max(0));
        let all = side(self.input, tokens.input) + side(self.output, tokens.output);
        i64::try_from((all + 999_999) / 1_000_000).unwrap_or(i64::MAX)
    }
}

impl Gemini {
    /// The price of a picture, in millionths of a dollar; 0 if the list does not name the model. A size that the model
    /// does not support is priced as the one that it makes.
    pub fn price(&self, model: &str, size: Option<&str>) -> i64 {
        self.listed(model, size).unwrap_or(0)
    }

    /// The upper bound of a request for a picture, in millionths of a dollar, by the models that it names or the
    /// configured ones; `None` if a model that may be used has no price in the list.
    pub fn dearest(&self, model: Option<&str>, fallback: Option<&str>, size: Option<&str>) -> Option<i64> {
        let models = [Some(model.unwrap_or(&self.model)), fallback.or(self.fallback.as_deref())];
        self.dearest_of(models, size)
    }

    /// The same for an edit.
    pub fn dearest_edit(&self, size: Option<&str>) -> Option<i64> {
        self.dearest_of([Some(&self.edit_model), Some(&self.model)], size)
    }

    /// The upper bound of one analysis, in millionths of a dollar: the most pictures and text that a request may have,
    /// and the longest response. `None` if a model that may be used has no price in the list.
    pub fn analysis_price_bound(&self) -> Option<i64> {
        let models = [Some(&self.text_model), self.text_fallback.as_ref()];
        models
            .into_iter()
            .flatten()
            .try_fold(0, |most, model| Some(most.max(self.text_prices.get(model)?.of(AnalysisRequest::most_tokens()))))
    }

    /// The cost of an analysis, in millionths of a dollar; the upper bound if the response has no token counts; 0 if
    /// the model has no price.
    pub(super) fn analysis_cost(&self, model: &str, tokens: Option<TokenCount>) -> i64 {
        self.text_prices.get(model).map_or(0, |price| price.of(tokens.unwrap_or(AnalysisRequest::most_tokens())))
    }

    fn dearest_of(&self, models: [Option<&str>; 2], size: Option<&str>) -> Option<i64> {
        models.into_iter().flatten().try_fold(0, |most, model| Some(most.max(self.listed(model, size)?)))
    }

    fn listed(&self, model: &str, size: Option<&str>) -> Option<i64> {
        let made = nearest_size(size.unwrap_or("1K"), &self.sizes_of(model)).unwrap_or("1K");
        self.prices.get(&format!("{model}/{made}")).or_else(|| self.prices.get(model)).map(|dollars| micros(*dollars))
    }

    /// The sizes that a model supports.
    pub(super) fn sizes_of(&self, model: &str) -> Vec<&str> {
        if let Some(own) = self.sizes.get(model) {
            return own.iter().map(String::as_str).collect();
        }
        let known = KNOWN_SIZES.iter().find(|(name, _)| model.starts_with(name));
        known.map_or_else(|| SIZES.to_vec(), |(_, sizes)| sizes.to_vec())
    }
}

/// Dollars as millionths.
fn micros(dollars: f64) -> i64 {
    format!("{:.0}", dollars.clamp(0.0, 1e6) * 1e6).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_paid_by_the_million_and_rounded_up() {
        let price = TextPrice { input: 0.10, output: 0.40 };
        assert_eq!(price.of(TokenCount { input: 1_000_000, output: 1_000_000 }), 500_000);
        assert_eq!(price.of(TokenCount { input: 1, output: 0 }), 1, "never nothing");
        assert_eq!(price.of(TokenCount { input: 1290, output: 300 }), 249);
        assert_eq!(price.of(TokenCount::default()), 0);
    }
}
