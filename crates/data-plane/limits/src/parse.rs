//! Limits as the configuration writes them: `6000/minute`, `6000/minute;closed`, and `POST /api/v1/deals=60/minute` for
//! routes.

use std::str::FromStr;
use std::sync::Arc;

use domain::RateLimitPeriod;

use crate::policy::OnRedisLoss;

/// So many requests per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many requests.
    pub quota: u64,
    /// In which period.
    pub period: RateLimitPeriod,
}

/// A rate, and what it does while Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredRate {
    /// The rate.
    pub rate: Rate,
    /// What holds while Redis is away; what holds for all limits when `None`.
    pub on_redis_loss: Option<OnRedisLoss>,
}

/// A limit of one route, for each customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRate {
    /// Method and path, one space between: `POST /api/v1/deals`. As the route is declared: `/api/v1/deals/{id}`.
    pub route: Arc<str>,
    /// The limit.
    pub limit: DeclaredRate,
}

/// A limit that can't be read. The text says which part, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No slash between number and period.
    #[error("`{0}` is no limit: write a number, a slash and a period, such as 6000/minute")]
    Shape(String),
    /// The number isn't one.
    #[error("`{0}` is no number of requests: write a whole number from 0 to 1000000000000, such as 6000")]
    Number(String),
    /// The period isn't one.
    #[error("`{0}` is no period: write minute, hour, day or month")]
    Period(String),
    /// What follows the semicolon says nothing about the loss of Redis.
    #[error("`{0}` is nothing that a limit does without Redis: write local, open or closed")]
    WithoutRedis(String),
    /// No equals sign between route and limit.
    #[error(
        "`{0}` has no limit: write a route, an equals sign and a limit, such as POST /api/v1/deals=60/minute"
    )]
    RouteShape(String),
    /// The route isn't a method and a path.
    #[error("`{0}` is no route: write a method and a path, such as POST /api/v1/deals")]
    Route(String),
    /// The same route twice.
    #[error("`{0}` has two limits: write one")]
    Twice(String),
}

/// More than anybody sends in a month, and exact in Lua's numbers.
const MOST: u64 = 1_000_000_000_000;

impl FromStr for Rate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let (number, period) = text.split_once('/').ok_or_else(|| ParseError::Shape(text.to_owned()))?;
        let (number, period) = (number.trim(), period.trim());
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let quota = digits.then(|| number.parse().ok()).flatten().filter(|quota| *quota <= MOST);
        let quota = quota.ok_or_else(|| ParseError::Number(number.to_owned()))?;
        let period = period.parse().map_err(|_| ParseError::Period(period.to_owned()))?;
        Ok(Self { quota, period })
    }
}

impl From<Rate> for DeclaredRate {
    fn from(rate: Rate) -> Self {
        Self { rate, on_redis_loss: None }
    }
}

impl FromStr for DeclaredRate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let Some((rate, declared)) = text.split_once(';') else {
            return Ok(text.parse::<Rate>()?.into());
        };
        let on_redis_loss = match declared.trim() {
            "local" => OnRedisLoss::NodeLocal,
            "open" => OnRedisLoss::Open,
            "closed" => OnRedisLoss::Closed,
            other => return Err(ParseError::WithoutRedis(other.to_owned())),
        };
        Ok(Self { rate: rate.parse()?, on_redis_loss: Some(on_redis_loss) })
    }
}

/// Reads a list of limits of routes, separated by commas or new lines. Empty entries are passed over.
///
/// # Errors
/// The first entry that can't be read, or a route that is named twice.
pub fn route_rates(text: &str) -> Result<Vec<RouteRate>, ParseError> {
    let mut rates: Vec<RouteRate> = Vec::new();
    for entry in text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let (route, rate) = entry.rsplit_once('=').ok_or_else(|| ParseError::RouteShape(entry.to_owned()))?;
        let route = route_name(route)?;
        if rates.iter().any(|known| *known.route == *route) {
            return Err(ParseError::Twice(route));
        }
        rates.push(RouteRate { route: Arc::from(route), limit: rate.parse()? });
    }
    Ok(rates)
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn route_name(text: &str) -> Result<String, ParseError> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(method), Some(path), None) if METHODS.contains(&method) && path.starts_with('/') => {
            Ok(format!("{method} {path}"))
        }
        _ => Err(ParseError::Route(text.trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(quota: u64, period: RateLimitPeriod) -> Rate {
        Rate { quota, period }
    }

    #[test]
    fn a_rate_is_a_number_and_a_period() {
        assert_eq!("6000/minute".parse(), Ok(rate(6000, RateLimitPeriod::Minute)));
        assert_eq!(" 0 / month ".parse(), Ok(rate(0, RateLimitPeriod::Month)));
        assert_eq!("1000000000000/day".parse(), Ok(rate(MOST, RateLimitPeriod::Day)));
    }

    #[test]
    fn a_wrong_rate_is_refused_by_the_part_that_is_wrong() {
        let error = |text: &str| text.parse::<Rate>().unwrap_err();
        assert_eq!(error("6000"), ParseError::Shape("6000".to_owned()));
        for number in ["", "-5", "+5", "1.5", "1e3", "many", "1000000000001", "99999999999999999999999"] {
            assert_eq!(error(&format!("{number}/hour")), ParseError::Number(number.to_owned()));
        }
        for period in ["", "minutes", "week", "MINUTE", "minute/2"] {
            assert_eq!(error(&format!("5/{period}")), ParseError::Period(period.to_owned()));
        }
    }

    #[test]
    fn a_limit_may_say_what_it_does_without_redis() {
        let read = |text: &str| text.parse::<DeclaredRate>();
        let hourly = |on_redis_loss| Ok(DeclaredRate { rate: rate(5, RateLimitPeriod::Hour), on_redis_loss });
        assert_eq!(read("5/hour"), hourly(None));
        assert_eq!(read("5/hour;local"), hourly(Some(OnRedisLoss::NodeLocal)));
        assert_eq!(read("5/hour ; open"), hourly(Some(OnRedisLoss::Open)));
        assert_eq!(read("5/hour;closed"), hourly(Some(OnRedisLoss::Closed)));
        for wrong in ["", "shut", "Open"] {
            assert_eq!(read(&format!("5/hour;{wrong}")), Err(ParseError::WithoutRedis(wrong.to_owned())));
        }
        let routes = route_rates("POST /a=5/hour;closed,GET /b=6/hour").unwrap();
        let declared: Vec<_> = routes.iter().map(|route| route.limit.on_redis_loss).collect();
        assert_eq!(declared, [Some(OnRedisLoss::Closed), None]);
    }

    #[test]
    fn routes_have_a_limit_each() {
        let read =
            route_rates("POST /api/v1/deals=60/minute,\n GET  /api/v1/deals/{id} = 600/hour,").unwrap();
        let read: Vec<_> = read.iter().map(|each| (&*each.route, each.limit.rate)).collect();
        assert_eq!(
            read,
            [
                ("POST /api/v1/deals", rate(60, RateLimitPeriod::Minute)),
                ("GET /api/v1/deals/{id}", rate(600, RateLimitPeriod::Hour)),
            ]
        );
        assert_eq!(route_rates(" "), Ok(Vec::new()));
    }

    #[test]
    fn a_wrong_list_of_routes_says_where() {
        for (text, error) in [
            ("POST /a", ParseError::RouteShape("POST /a".to_owned())),
            ("/a=5/hour", ParseError::Route("/a".to_owned())),
            ("post /a=5/hour", ParseError::Route("post /a".to_owned())),
            ("POST a=5/hour", ParseError::Route("POST a".to_owned())),
            ("POST /a b=5/hour", ParseError::Route("POST /a b".to_owned())),
            ("GET /a=5/hour,GET  /a=6/hour", ParseError::Twice("GET /a".to_owned())),
            ("GET /a=5/hour,GET /b=x/hour", ParseError::Number("x".to_owned())),
        ] {
            assert_eq!(route_rates(text), Err(error));
        }
    }
}
