//! A template in which no rule finds anything: the examples of the rules are changes to it.

/// Its files below `infra-templates/example`.
pub const GOOD_TEMPLATE: [(&str, &str); 8] = [
    (
        "config.yml",
        "name: Example\ndescription: A web server\nversion: v1.1.0\ncategory: Applications\nmaintainer: Jane Doe \
         <jane@example.com>\n",
    ),
    ("catalogIcon-example.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>\n"),
    ("0/docker-compose.yml", "version: '2'\nservices:\n  web:\n    image: example/web:1.0.0\n"),
    (
        "0/rancher-compose.yml",
        "version: '2'\ncatalog:\n  name: Example\n  version: v1.0.0\n  minimum_rancher_version: v1.6.0\nservices:\n  \
         web:\n    health_check:\n      port: 80\n      interval: 2000\n      response_timeout: 2000\n      \
         healthy_threshold: 2\n      unhealthy_threshold: 3\n",
    ),
    ("0/README.md", "# Example\n"),
    (
        "1/docker-compose.yml",
        "version: '2'\nservices:\n  web:\n    image: example/web:1.1.0\n    environment:\n      COLOR: ${COLOR}\n      \
         SIZE: ${SIZE}\n    labels:\n      io.rancher.container.pull_image: always\n    ports:\n      - '8080:80'\n",
    ),
    (
        "1/rancher-compose.yml",
        "version: '2'\ncatalog:\n  name: Example\n  version: v1.1.0\n  minimum_rancher_version: v1.6.0\n  questions:\n    \
         - variable: COLOR\n      label: Colour\n      description: Colour of the page\n      type: enum\n      required: \
         true\n      default: red\n      options:\n        - red\n        - blue\n    - variable: SIZE\n      label: \
         Size\n      description: Size of the page\n      type: int\n      required: false\n      default: '10'\n\
         services:\n  web:\n    scale: 1\n    health_check:\n      port: 80\n      request_line: GET / HTTP/1.0\n      \
         interval: 2000\n      response_timeout: 2000\n      healthy_threshold: 2\n      unhealthy_threshold: 3\n",
    ),
    ("1/README.md", "# Example\n"),
];
