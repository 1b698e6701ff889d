//! The Swarm entry: what Rancher deploys on every host, derived from the daemon's own settings and constants.

use indexmap::IndexMap;

use super::{InfraEntry, Notes, ProjectEntry, Publication, Readme};
use rancher_catalog::model::{
    CatalogBlock, Config, DockerCompose, DockerComposeV2, Field, HealthCheck, Image, ImageReference, InfraVersion,
    ListOrMap, Logging, Project, ProjectVersion, Question, QuestionType, QuorumConfig, RancherCompose,
    RancherComposeV1, RancherComposeV2, RancherService, Repository, Revision, Scalar, Service, StackEntry, Strategy,
    Templated, Version, label_names,
};
use swarmkit_settings::{self as settings, Kind, Setting, health};

/// The folder of both templates. Rancher's UI takes an environment for a Swarm one by this name alone
/// (`infra*swarm`), so it is no choice.
pub const FOLDER: &str = "swarm";
/// The one service of the stack.
pub const SERVICE: &str = settings::SERVICE;
/// The version of the entry: this package's, with the `v` of all published ones.
pub const VERSION: &str = swarmkit_settings::built_from::CATALOG_VERSION;
/// The oldest Rancher that is offered the entry: the last line of Rancher 1.x, whose catalog service, compose executor
/// and UI are the ones that this entry is made for.
pub const MINIMUM_RANCHER_VERSION: &str = "v1.6.0";
/// Revisions 0 to 3 of `infra*swarm` were published before this project; stacks in use still name them.
pub const FIRST_REVISION: Revision = Revision(4);
/// No revision of the environment template was published in the same catalog before.
pub const FIRST_PROJECT_REVISION: Revision = Revision(0);

const ICON: &str = include_str!("../../templates/catalogIcon-swarm.svg");

/// The image of this version: the repository is a choice, the tag never is.
pub fn image(repository: Repository, digest: Option<String>) -> ImageReference {
    ImageReference { repository, tag: Some(VERSION.to_owned()), digest }
}

/// Where the image is published.
pub fn default_repository() -> Repository {
    Repository { registry: None, path: "rancher/swarmkit".to_owned() }
}

/// The whole publication, for an image and a table of settings.
pub fn publication(image: &ImageReference, table: &[Setting]) -> Publication {
    let questions: Vec<Question> = table.iter().filter(|setting| setting.asked).map(question).collect();
    Publication {
        version: VERSION.into(),
        minimum_rancher_version: MINIMUM_RANCHER_VERSION.into(),
        infra: InfraEntry {
            folder: FOLDER.to_owned(),
            config: config(questions.clone()),
            version: InfraVersion {
                docker_compose: docker_compose(image, table),
                rancher_compose: rancher_compose(questions.clone()),
                readme: None,
            },
            readme: Readme {
                version: VERSION.to_owned(),
                image: image.to_string(),
                minimum_rancher_version: MINIMUM_RANCHER_VERSION.to_owned(),
                questions,
                swarm_port: settings::SWARM_PORT,
                health_port: settings::HEALTH_PORT,
                docker_socket: settings::DOCKER_SOCKET.to_owned(),
                state_folder: settings::STATE_FOLDER.to_owned(),
                backup_folder: settings::BACKUP_FOLDER.to_owned(),
                agent_ca_folder: settings::AGENT_CA_FOLDER.to_owned(),
            },
            docker_compose_notes: docker_compose_notes(),
            rancher_compose_notes: rancher_compose_notes(),
            icon: ICON.to_owned(),
            first_revision: FIRST_REVISION,
        },
        project: project(),
    }
}

/// The question that asks for a setting.
pub fn question(setting: &Setting) -> Question {
    let mut question = Question {
        variable: setting.variable.into(),
        label: setting.label.into(),
        description: setting.help.into(),
        required: Templated::Value(true).into(),
        default: setting.default.into(),
        ..Question::default()
    };
    match setting.kind {
        Kind::OneOf(_) | Kind::Odd { .. } => {
            let options = setting.kind.options();
            question.kind = QuestionType::Enum.into();
            question.options = options.iter().map(|value| Scalar::from(value.as_str())).collect::<Vec<_>>().into();
        }
        Kind::Word { blank } => {
            question.kind = QuestionType::String.into();
            question.required = Templated::Value(!blank).into();
        }
        Kind::Address | Kind::Networks | Kind::Optional { .. } => {
            question.kind = QuestionType::String.into();
            question.required = Templated::Value(false).into();
        }
        Kind::Token => {
            question.kind = QuestionType::Password.into();
            question.required = Templated::Value(false).into();
        }
        Kind::Integer { min, max, .. } => {
            question.kind = QuestionType::Int.into();
            question.min = whole(min).into();
            question.max = whole(max).into();
        }
    }
    question
}

fn config(questions: Vec<Question>) -> Config {
    // Chosen as the orchestration it must list itself; launched from the catalog page it starts in a Cattle one.
    let supported = (label_names::ORCHESTRATION_SUPPORTED.to_owned(), Scalar::from("cattle,swarm"));
    Config {
        name: "Swarm".into(),
        description: "Docker Swarm on the hosts of an environment: formed, watched and healed without an operator"
            .into(),
        version: Version::from(VERSION).into(),
        category: "Orchestration".into(),
        maintainer: env!("CARGO_PKG_AUTHORS").into(),
        license: env!("CARGO_PKG_LICENSE").into(),
        project_url: env!("CARGO_PKG_REPOSITORY").into(),
        labels: IndexMap::from([supported]).into(),
        questions: questions.into(),
        ..Config::default()
    }
}

fn docker_compose(image: &ImageReference, table: &[Setting]) -> DockerCompose {
    let asked = table.iter().filter(|setting| setting.asked);
    let mount = |path: &str| Scalar::from(format!("{path}:{path}"));
    let service = Service {
        image: Image::Reference(image.clone()).into(),
        environment: asked
            .map(|setting| (setting.variable, format!("${{{}}}", setting.variable)))
            .collect::<ListOrMap>()
            .into(),
        labels: [
            (label_names::AGENT_ROLE, "environment"),
            (label_names::CREATE_AGENT, "true"),
            (label_names::DNS, "true"),
            (label_names::PULL_IMAGE, "always"),
            (label_names::GLOBAL, "true"),
        ]
        .into_iter()
        .collect::<ListOrMap>()
        .into(),
        network_mode: "host".into(),
        cap_drop: vec![Scalar::from("ALL")].into(),
        security_opt: vec![Scalar::from("no-new-privileges"), Scalar::from("label=disable")].into(),
        read_only: Templated::Value(true).into(),
        volumes: vec![
            mount(settings::DOCKER_SOCKET),
            mount(settings::STATE_FOLDER),
            mount(settings::BACKUP_FOLDER),
            Scalar::from(format!("{0}:{0}:ro", settings::AGENT_CA_FOLDER)),
        ]
        .into(),
        logging: Logging {
            driver: "json-file".into(),
            options: [("max-size", "25m"), ("max-file", "2")].into_iter().collect::<ListOrMap>().into(),
            ..Logging::default()
        }
        .into(),
        ..Service::default()
    };
    DockerCompose::V2(DockerComposeV2 {
        version: "2".into(),
        services: IndexMap::from([(SERVICE.to_owned(), Field::Value(service))]).into(),
        ..DockerComposeV2::default()
    })
}

fn docker_compose_notes() -> Notes {
    notes(
        &format!("services.{SERVICE}."),
        [
            (
                "labels",
                "The agent labels give the container an API key for its own environment. The dns label is what lets health \
             checks reach a container on the host network.",
            ),
            ("network_mode", "A swarm is made of the hosts' own addresses."),
            (
                "cap_drop",
                "The socket and the state folder belong to root, which the container runs as: it takes no capability to \
             reach them.",
            ),
            (
                "security_opt",
                "On hosts with SELinux a confined container is kept from Docker's socket, hence label=disable.",
            ),
            (
                "volumes",
                "The last one holds the certificate of a private authority that Rancher's server may have been given.",
            ),
        ],
    )
}

fn rancher_compose(questions: Vec<Question>) -> RancherCompose {
    let number = |value: u64| Field::Value(Templated::Value(value));
    let health_check = HealthCheck {
        port: Templated::Value(settings::HEALTH_PORT).into(),
        request_line: format!("GET {} HTTP/1.0", settings::HEALTH_PATH).into(),
        interval: number(health::INTERVAL_MS),
        response_timeout: number(health::RESPONSE_TIMEOUT_MS),
        healthy_threshold: number(health::HEALTHY_THRESHOLD),
        unhealthy_threshold: number(health::UNHEALTHY_THRESHOLD),
        initializing_timeout: number(health::INITIALIZING_TIMEOUT_MS),
        reinitializing_timeout: number(health::REINITIALIZING_TIMEOUT_MS),
        strategy: Templated::Value(Strategy::RecreateOnQuorum).into(),
        recreate_on_quorum_strategy_config: QuorumConfig {
            quorum: number(health::RECREATE_QUORUM),
            ..QuorumConfig::default()
        }
        .into(),
        ..HealthCheck::default()
    };
    RancherCompose::V2(RancherComposeV2 {
        version: "2".into(),
        catalog: CatalogBlock {
            name: "Swarm".into(),
            version: Version::from(VERSION).into(),
            description: "Docker Swarm on the hosts of an environment".into(),
            minimum_rancher_version: Version::from(MINIMUM_RANCHER_VERSION).into(),
            questions: questions.into(),
            ..CatalogBlock::default()
        }
        .into(),
        services: IndexMap::from([(
            SERVICE.to_owned(),
            Field::Value(RancherService { health_check: health_check.into(), ..RancherService::default() }),
        )])
        .into(),
        ..RancherComposeV2::default()
    })
}

fn rancher_compose_notes() -> Notes {
    notes(
        &format!("services.{SERVICE}."),
        [
            (
                "health_check",
                "Healthy means: this host's engine is an active member of the swarm. Times are in milliseconds.",
            ),
            (
                "health_check.strategy",
                "A container that is stuck is replaced while another one is healthy; when none is, as in a swarm without a \
             quorum, none is torn from its work.",
            ),
        ],
    )
}

fn notes<const N: usize>(prefix: &str, notes: [(&str, &str); N]) -> Notes {
    notes.into_iter().map(|(path, text)| (format!("{prefix}{path}"), text.to_owned())).collect()
}

fn project() -> ProjectEntry {
    // The order of the picture that Rancher shows: the first stack of category Orchestration gives the icon.
    let stacks = [
        ("swarm", "community:infra*swarm"),
        ("network-services", "library:infra*network-services"),
        ("ipsec", "library:infra*ipsec"),
        ("scheduler", "library:infra*scheduler"),
        ("healthcheck", "library:infra*healthcheck"),
        ("portainer", "community:infra*portainer"),
    ];
    let stack = |(name, template_id): (&str, &str)| StackEntry {
        name: name.into(),
        template_id: template_id.into(),
        ..StackEntry::default()
    };
    ProjectEntry {
        folder: FOLDER.to_owned(),
        config: Config {
            name: "Swarm".into(),
            version: Version::from(VERSION).into(),
            category: "System".into(),
            ..Config::default()
        },
        version: ProjectVersion {
            project: Project {
                name: "Swarm".into(),
                description: "An environment whose hosts form a Docker Swarm".into(),
                stacks: stacks.into_iter().map(stack).collect::<Vec<_>>().into(),
                ..Project::default()
            },
            rancher_compose: RancherCompose::V1(RancherComposeV1 {
                dot_catalog: CatalogBlock {
                    name: "Swarm".into(),
                    version: Version::from(VERSION).into(),
                    minimum_rancher_version: Version::from(MINIMUM_RANCHER_VERSION).into(),
                    ..CatalogBlock::default()
                }
                .into(),
                ..RancherComposeV1::default()
            }),
        },
        first_revision: FIRST_PROJECT_REVISION,
    }
}

fn whole(number: u64) -> Scalar {
    i64::try_from(number).map_or(Scalar::Large(number), Scalar::Int)
}
