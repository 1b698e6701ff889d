//! The rules, one file each.

pub(super) mod allowance_without_effect;
mod answer_refused;
mod balancer_rule;
mod byte_order_mark;
mod capability_added;
mod catalog_unknown_key;
mod command_line;
mod compose_layout;
mod compose_version;
mod config_below;
mod config_key_missing;
mod config_missing;
mod config_name_missing;
mod config_not_text;
mod config_shape;
mod config_unknown_key;
mod default_version;
mod default_version_not_newest;
mod docker_compose_missing;
mod docker_compose_twice;
mod docker_socket;
mod encoding;
mod enum_default;
mod enum_option_retyped;
mod file_not_there;
mod folder_id;
mod folder_name;
mod health_check_dns;
mod health_check_keys;
mod health_check_request_line;
mod health_check_tcp;
mod health_check_timeout;
mod host_network;
mod host_pid;
mod icon;
mod image_form;
mod image_kind_tagged;
mod image_latest;
mod image_tag_missing;
mod interpolation;
mod key_alone;
mod keys_exclude;
mod label_not_text;
mod link_skipped;
mod list_twice;
mod maintainer_form;
mod maintainer_missing;
mod minimum_rancher_version_missing;
mod nothing_launched;
mod number_form;
mod orchestration_folder;
mod orchestration_health_check;
mod passed_over;
mod password_default;
mod port_form;
mod port_number;
mod privileged;
mod project_stacks;
mod question_default_not_text;
mod question_default_type;
mod question_description;
mod question_label;
mod question_type;
mod question_unknown_key;
mod question_unused;
mod question_variable;
mod question_variable_retyped;
mod rancher_compose_missing;
mod rancher_compose_shape;
mod rancher_service_unknown;
mod rancher_version_form;
mod rancher_version_nobody;
mod readme_missing;
mod revision_gap;
mod revision_name;
mod revision_passed_over;
mod scale_on_global;
mod service_circle;
mod service_empty;
mod service_image_missing;
mod service_name;
mod service_reference;
mod service_unknown_key;
mod sidekick_group;
mod stray_file;
mod template_beyond;
mod template_contains_reversed;
mod template_fails;
mod template_go_version;
mod template_no_value;
mod template_server_environment;
mod template_syntax;
mod text_blank_end;
mod text_crlf;
mod text_final_newline;
mod text_form;
mod text_tab;
mod text_trailing_space;
mod too_large;
mod unreadable;
mod upgrade_from_any_number;
mod upgrade_from_form;
mod value_retyped;
mod variable_unasked;
mod version_missing;
mod version_not_semver;
mod version_order;
mod version_twice;
mod versions_identical;
mod yaml_duplicate_key;
mod yaml_further_document;
mod yaml_shape;
mod yaml_syntax;

use std::sync::OnceLock;

use super::nearest::nearest;
use super::report::Severity;
use super::rule::{RefusedBy, Rule};

mod good_template;

pub use good_template::GOOD_TEMPLATE;
pub use maintainer_form::is_maintainer;

/// All rules, in the order in which they are listed: files, templates, config.yml, versions, questions, services,
/// health checks, rights.
pub const ALL: &[&Rule] = &[
    &unreadable::RULE,
    &allowance_without_effect::RULE,
    &link_skipped::RULE,
    &too_large::RULE,
    &encoding::RULE,
    &byte_order_mark::RULE,
    &yaml_syntax::RULE,
    &yaml_duplicate_key::RULE,
    &yaml_further_document::RULE,
    &yaml_shape::RULE,
    &rancher_compose_shape::RULE,
    &config_shape::RULE,
    &text_crlf::RULE,
    &text_tab::RULE,
    &text_trailing_space::RULE,
    &text_final_newline::RULE,
    &text_blank_end::RULE,
    &template_syntax::RULE,
    &template_beyond::RULE,
    &template_fails::RULE,
    &template_no_value::RULE,
    &template_go_version::RULE,
    &template_contains_reversed::RULE,
    &template_server_environment::RULE,
    &interpolation::RULE,
    &config_missing::RULE,
    &config_below::RULE,
    &config_name_missing::RULE,
    &config_unknown_key::RULE,
    &config_key_missing::RULE,
    &config_not_text::RULE,
    &maintainer_missing::RULE,
    &maintainer_form::RULE,
    &default_version::RULE,
    &default_version_not_newest::RULE,
    &folder_name::RULE,
    &folder_id::RULE,
    &icon::RULE,
    &stray_file::RULE,
    &readme_missing::RULE,
    &revision_name::RULE,
    &revision_passed_over::RULE,
    &revision_gap::RULE,
    &rancher_compose_missing::RULE,
    &docker_compose_missing::RULE,
    &docker_compose_twice::RULE,
    &version_missing::RULE,
    &version_not_semver::RULE,
    &version_twice::RULE,
    &version_order::RULE,
    &versions_identical::RULE,
    &minimum_rancher_version_missing::RULE,
    &rancher_version_form::RULE,
    &rancher_version_nobody::RULE,
    &upgrade_from_form::RULE,
    &upgrade_from_any_number::RULE,
    &catalog_unknown_key::RULE,
    &question_unused::RULE,
    &variable_unasked::RULE,
    &question_variable::RULE,
    &question_variable_retyped::RULE,
    &question_type::RULE,
    &question_label::RULE,
    &question_description::RULE,
    &question_unknown_key::RULE,
    &enum_option_retyped::RULE,
    &enum_default::RULE,
    &question_default_type::RULE,
    &question_default_not_text::RULE,
    &password_default::RULE,
    &compose_version::RULE,
    &compose_layout::RULE,
    &nothing_launched::RULE,
    &service_name::RULE,
    &service_unknown_key::RULE,
    &key_alone::RULE,
    &keys_exclude::RULE,
    &number_form::RULE,
    &list_twice::RULE,
    &command_line::RULE,
    &text_form::RULE,
    &file_not_there::RULE,
    &passed_over::RULE,
    &value_retyped::RULE,
    &answer_refused::RULE,
    &rancher_service_unknown::RULE,
    &service_empty::RULE,
    &service_image_missing::RULE,
    &image_form::RULE,
    &image_kind_tagged::RULE,
    &image_tag_missing::RULE,
    &image_latest::RULE,
    &label_not_text::RULE,
    &port_form::RULE,
    &port_number::RULE,
    &scale_on_global::RULE,
    &service_reference::RULE,
    &service_circle::RULE,
    &sidekick_group::RULE,
    &balancer_rule::RULE,
    &health_check_keys::RULE,
    &health_check_timeout::RULE,
    &health_check_request_line::RULE,
    &health_check_tcp::RULE,
    &health_check_dns::RULE,
    &orchestration_health_check::RULE,
    &orchestration_folder::RULE,
    &project_stacks::RULE,
    &privileged::RULE,
    &host_network::RULE,
    &host_pid::RULE,
    &docker_socket::RULE,
    &capability_added::RULE,
];

/// The rules whose findings the CI of the community catalog refuses, as its errors.
pub const FOR_COMMUNITY: &[&Rule] = &[
    &Rule { severity: Severity::Error, ..default_version::RULE },
    &Rule { severity: Severity::Error, ..folder_name::RULE },
    &Rule { severity: Severity::Error, ..maintainer_form::RULE },
];

/// The rules that look at a template as a whole: at what is beside its versions, or at one version beside another. All others
/// look at a version on its own, or at config.yml. None of these asks what the compose executor gets.
const OF_THE_WHOLE: &[&Rule] = &[
    &config_below::RULE,
    &config_key_missing::RULE,
    &config_missing::RULE,
    &config_name_missing::RULE,
    &config_shape::RULE,
    &config_unknown_key::RULE,
    &default_version::RULE,
    &default_version_not_newest::RULE,
    &docker_compose_missing::RULE,
    &folder_id::RULE,
    &folder_name::RULE,
    &icon::RULE,
    &link_skipped::RULE,
    &maintainer_form::RULE,
    &maintainer_missing::RULE,
    &orchestration_folder::RULE,
    &rancher_compose_missing::RULE,
    &readme_missing::RULE,
    &revision_gap::RULE,
    &revision_name::RULE,
    &stray_file::RULE,
    &too_large::RULE,
    &unreadable::RULE,
    &version_order::RULE,
    &version_twice::RULE,
    &versions_identical::RULE,
];

/// Whether a rule looks at a template as a whole.
pub(super) fn is_of_the_whole(rule: &Rule) -> bool {
    OF_THE_WHOLE.iter().any(|other| other.id == rule.id)
}

/// The rules that look at a template as a whole.
pub fn of_the_whole() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().filter(|rule| is_of_the_whole(rule))
}

/// All rules, and those that need a diff.
pub fn every() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().chain(&super::changed::RULES).copied()
}

/// Whether the community catalog's CI refuses what a rule finds.
pub(super) fn is_for_community(rule: &Rule) -> bool {
    FOR_COMMUNITY.iter().any(|other| other.id == rule.id)
}

/// Whether the findings of a rule can be set to a severity, or be off: what Rancher itself refuses stays an error.
pub fn can_be(rule: &Rule, severity: Option<Severity>) -> bool {
    let by_rancher = rule.refused_by.is_some_and(|refused| refused.part != RefusedBy::NOBODY);
    severity == Some(Severity::Error) || rule.severity != Severity::Error || !by_rancher
}

/// A rule whose findings are of another severity.
pub(super) fn with_severity(rule: &'static Rule, severity: Severity) -> &'static Rule {
    static ALL: OnceLock<Vec<Rule>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let severities = [Severity::Note, Severity::Warning, Severity::Error];
        every().flat_map(|rule| severities.map(|severity| Rule { severity, ..*rule })).collect()
    });
    all.iter().find(|other| other.id == rule.id && other.severity == severity).unwrap_or(rule)
}

/// The rule of a name.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    every().find(|rule| rule.id == id)
}

/// That there is no rule of a name, and which may have been meant.
pub fn no_such_rule(id: &str) -> String {
    match nearest(every().map(|rule| rule.id), id) {
        Some(rule) => format!("there is no rule `{id}`: is `{rule}` meant? `gen-catalog rules` lists them"),
        None => format!("there is no rule `{id}`; `gen-catalog rules` lists them"),
    }
}
