//! What makes values of the model short to write in a program. All else is [`Default`]: a struct with the keys that are
//! meant, and `..Default::default()` for those that are not.

use indexmap::IndexMap;

use super::{
    CatalogBlock, DockerCompose, DockerComposeV2, Field, HealthCheck, Image, ListOrMap, Question, QuestionType,
    RancherCompose, RancherComposeV2, RancherService, Scalar, Service, Templated, Version,
};

impl Question {
    /// A question whose answer becomes a variable of the compose files. It must be answered, until `required` says otherwise.
    pub fn new(variable: &str, label: &str, kind: QuestionType) -> Self {
        Self {
            variable: variable.into(),
            label: label.into(),
            kind: kind.into(),
            required: true.into(),
            ..Self::default()
        }
    }

    /// A question with choices: an enum. Each choice is a text, and so is what Rancher hands on.
    pub fn choice<'o>(variable: &str, label: &str, options: impl IntoIterator<Item = &'o str>) -> Self {
        let options: Vec<Scalar> = options.into_iter().map(Scalar::from).collect();
        Self { options: options.into(), ..Self::new(variable, label, QuestionType::Enum) }
    }
}

impl DockerCompose {
    /// A docker-compose.yml of version 2 with these services.
    pub fn v2<N: Into<String>>(services: impl IntoIterator<Item = (N, Service)>) -> Self {
        Self::V2(DockerComposeV2 { version: "2".into(), services: by_name(services), ..DockerComposeV2::default() })
    }
}

impl RancherCompose {
    /// A rancher-compose.yml of version 2, with the catalog block and what Rancher is told of services.
    pub fn v2<N: Into<String>>(catalog: CatalogBlock, services: impl IntoIterator<Item = (N, RancherService)>) -> Self {
        Self::V2(RancherComposeV2 {
            version: "2".into(),
            catalog: catalog.into(),
            services: by_name(services),
            ..RancherComposeV2::default()
        })
    }
}

impl HealthCheck {
    /// Healthy is who takes a TCP connection: asked every 2 s, who has 2 s to answer; healthy after two good answers, unhealthy
    /// after three bad ones, and then replaced.
    pub fn tcp(port: u16) -> Self {
        Self {
            port: port.into(),
            interval: 2000.into(),
            response_timeout: 2000.into(),
            healthy_threshold: 2.into(),
            unhealthy_threshold: 3.into(),
            ..Self::default()
        }
    }

    /// As [`HealthCheck::tcp`], by HTTP: healthy is who answers `GET path` with a status from 200 to 399. HAProxy asks, which
    /// Rancher runs for it.
    pub fn http(port: u16, path: &str) -> Self {
        Self { request_line: format!("GET {path} HTTP/1.0").into(), ..Self::tcp(port) }
    }
}

fn by_name<N: Into<String>, T>(all: impl IntoIterator<Item = (N, T)>) -> Field<IndexMap<String, Field<T>>> {
    Field::Value(all.into_iter().map(|(name, one)| (name.into(), Field::Value(one))).collect())
}

macro_rules! templated {
    ($($type:ty),*) => { $(
        /// The value itself, and no variable.
        impl From<$type> for Field<Templated<$type>> {
            fn from(value: $type) -> Self {
                Self::Value(Templated::Value(value))
            }
        }
    )* };
}

templated!(bool, u16, u64);

impl From<&str> for Field<Version> {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl From<&str> for Field<Image> {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl<const N: usize> From<[&str; N]> for Field<Vec<Scalar>> {
    fn from(items: [&str; N]) -> Self {
        Self::Value(items.map(Scalar::from).into())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Field<ListOrMap> {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self::Value(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_what_a_file_says() {
        let compose = DockerCompose::v2([(
            "web",
            Service {
                image: "example/web:1.0.0".into(),
                environment: [("COLOR", "${COLOR}")].into(),
                ports: ["80:80"].into(),
                ..Service::default()
            },
        )]);
        let text = "version: '2'\nservices:\n  web:\n    image: example/web:1.0.0\n    environment:\n      COLOR: ${COLOR}\n    \
                    ports: ['80:80']\n";
        assert_eq!(crate::yaml::read_as::<DockerCompose>(text).unwrap(), compose);
        let block = CatalogBlock {
            version: "v1.0.0".into(),
            questions: vec![Question::choice("COLOR", "Colour", ["red", "yes"])].into(),
            ..CatalogBlock::default()
        };
        let service = RancherService { health_check: HealthCheck::http(80, "/").into(), ..RancherService::default() };
        let text = "version: '2'\ncatalog:\n  version: v1.0.0\n  questions:\n    - variable: COLOR\n      label: Colour\n      \
                    type: enum\n      required: true\n      options: [red, 'yes']\nservices:\n  web:\n    health_check:\n      \
                    port: 80\n      request_line: GET / HTTP/1.0\n      interval: 2000\n      response_timeout: 2000\n      \
                    healthy_threshold: 2\n      unhealthy_threshold: 3\n";
        assert_eq!(
            crate::yaml::read_as::<RancherCompose>(text).unwrap(),
            RancherCompose::v2(block, [("web", service)])
        );
    }
}
