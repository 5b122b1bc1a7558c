//! How long requests take, by method, path and status. The histograms are kept here: to find one by its labels in the
//! registry costs more than the rest of what is measured.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Histogram, histogram};

/// The histograms of one path.
type OfPath = Vec<(&'static str, StatusCode, Histogram)>;

/// Grows with the paths, methods and statuses there are, and not with requests.
#[derive(Default)]
pub(super) struct Seconds {
    of_paths: RwLock<HashMap<String, OfPath>>,
}

impl Seconds {
    pub(super) fn record(&self, method: &Method, path: &str, status: StatusCode, took: Duration) {
        let method = label(method);
        let of_paths = self.of_paths.read().unwrap_or_else(PoisonError::into_inner);
        let of_path = of_paths.get(path).map(Vec::as_slice).unwrap_or_default();
        match of_path.iter().find(|(m, s, _)| (*m, *s) == (method, status)) {
            Some((_, _, histogram)) => histogram.record(took),
            None => {
                drop(of_paths);
                self.keep(method, path, status).record(took);
            }
        }
    }

    fn keep(&self, method: &'static str, path: &str, status: StatusCode) -> Histogram {
        let labels = [
            ("method", method.to_owned()),
            ("path", path.to_owned()),
            ("status", status.as_str().to_owned()),
        ];
        let histogram = histogram!("atender_http_request_seconds", &labels);
        let mut of_paths = self.of_paths.write().unwrap_or_else(PoisonError::into_inner);
        let of_path = of_paths.entry(path.to_owned()).or_default();
        // Another request may have been first.
        if !of_path.iter().any(|(m, s, _)| (*m, *s) == (method, status)) {
            of_path.push((method, status, histogram.clone()));
        }
        histogram
    }
}

/// A client may send any word as a method; each would be a series of its own.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_grows_with_methods_paths_and_statuses_and_with_nothing_else() {
        let seconds = Seconds::default();
        let words: Vec<Method> = (0..9).map(|number| format!("WORD{number}").parse().unwrap()).collect();
        for method in [Method::GET, Method::PUT, Method::GET].iter().chain(&words) {
            for (path, status) in
                [("/a", StatusCode::OK), ("/a", StatusCode::NOT_FOUND), ("/b", StatusCode::OK)]
            {
                seconds.record(method, path, status, Duration::from_millis(1));
            }
        }
        let of_paths = seconds.of_paths.read().unwrap();
        let kept = |path: &str| of_paths[path].iter().map(|(m, s, _)| (*m, s.as_u16())).collect::<Vec<_>>();
        let of_a = [("GET", 200), ("GET", 404), ("PUT", 200), ("PUT", 404), ("other", 200), ("other", 404)];
        assert_eq!(kept("/a"), of_a);
        assert_eq!(kept("/b"), [("GET", 200), ("PUT", 200), ("other", 200)]);
    }
}
