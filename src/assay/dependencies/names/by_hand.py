"""Well-known names that no list at hand gives: facts entered by hand, most used first."""

from __future__ import annotations

# Actions and reusable workflows on GitHub, crates, and what Ruby itself brings as gems.
GITHUB_ACTIONS = (
    "actions/checkout actions/setup-node actions/setup-python actions/cache actions/upload-artifact actions/download-artifact actions/setup-java "
    "actions/setup-go actions/setup-dotnet actions/github-script actions/stale actions/labeler actions/configure-pages actions/deploy-pages "
    "actions/upload-pages-artifact actions/create-release actions/first-interaction actions/dependency-review-action actions/attest-build-provenance "
    "actions/attest actions/create-github-app-token actions/add-to-project actions/delete-package-versions actions/setup-ruby "
    "docker/build-push-action docker/login-action docker/setup-buildx-action docker/setup-qemu-action docker/metadata-action docker/bake-action "
    "github/codeql-action github/super-linter aws-actions/configure-aws-credentials aws-actions/amazon-ecr-login "
    "aws-actions/amazon-ecs-deploy-task-definition aws-actions/amazon-ecs-render-task-definition google-github-actions/auth "
    "google-github-actions/setup-gcloud google-github-actions/deploy-cloudrun azure/login azure/webapps-deploy azure/setup-helm azure/setup-kubectl "
    "azure/k8s-deploy codecov/codecov-action coverallsapp/github-action softprops/action-gh-release peter-evans/create-pull-request "
    "peter-evans/create-or-update-comment peaceiris/actions-gh-pages jamesives/github-pages-deploy-action pnpm/action-setup astral-sh/setup-uv "
    "ruby/setup-ruby shivammathur/setup-php dtolnay/rust-toolchain actions-rs/toolchain actions-rs/cargo swatinem/rust-cache golangci/golangci-lint-action "
    "goreleaser/goreleaser-action gradle/gradle-build-action gradle/actions hashicorp/setup-terraform pypa/gh-action-pypi-publish "
    "pre-commit/action psf/black trufflesecurity/trufflehog aquasecurity/trivy-action snyk/actions sonarsource/sonarcloud-github-action "
    "sonarsource/sonarqube-scan-action step-security/harden-runner ossf/scorecard-action sigstore/cosign-installer anchore/sbom-action "
    "tj-actions/changed-files dorny/paths-filter dorny/test-reporter reviewdog/action-eslint release-drafter/release-drafter "
    "changesets/action dependabot/fetch-metadata amannn/action-semantic-pull-request crazy-max/ghaction-github-pages "
    "subosito/flutter-action oven-sh/setup-bun denoland/setup-deno erlef/setup-beam r-lib/actions slackapi/slack-github-action "
    "8398a7/action-slack appleboy/ssh-action appleboy/scp-action easingthemes/ssh-deploy cypress-io/github-action treosh/lighthouse-ci-action "
    "mikepenz/action-junit-report nick-fields/retry cloudflare/wrangler-action circleci/trigger_circleci_pipeline renovatebot/github-action"
).split()
CRATES = (
    "serde serde_json serde_derive syn quote proc-macro2 libc rand rand_core rand_chacha log cfg-if bitflags regex regex-syntax aho-corasick memchr "
    "lazy_static once_cell itoa ryu autocfg unicode-ident base64 num-traits num-integer num-bigint num_cpus either itertools hashbrown indexmap "
    "byteorder bytes smallvec parking_lot parking_lot_core lock_api scopeguard crossbeam crossbeam-utils crossbeam-channel crossbeam-epoch "
    "crossbeam-deque rayon rayon-core tokio tokio-util tokio-stream tokio-macros mio socket2 futures futures-core futures-util futures-channel "
    "futures-io futures-sink futures-task futures-executor futures-macro pin-project pin-project-lite pin-utils async-trait async-std hyper "
    "hyper-util hyper-tls hyper-rustls http http-body h2 httparse tower tower-service tower-layer tower-http axum axum-core actix-web actix-rt rocket "
    "warp reqwest url percent-encoding form_urlencoded idna mime rustls rustls-webpki webpki-roots ring openssl openssl-sys native-tls "
    "clap clap_derive clap_lex structopt anyhow thiserror thiserror-impl eyre color-eyre tracing tracing-core tracing-subscriber tracing-attributes "
    "env_logger chrono time time-macros uuid tempfile walkdir glob dirs dirs-sys home which ignore globset same-file toml toml_edit toml_datetime "
    "serde_yaml csv quick-xml winapi windows-sys windows-targets windows nix errno rustix linux-raw-sys getrandom sha2 sha1 md-5 digest hmac "
    "block-buffer crypto-common generic-array typenum subtle zeroize aes ed25519-dalek curve25519-dalek x25519-dalek rsa k256 p256 signature "
    "sqlx diesel rusqlite libsqlite3-sys postgres tokio-postgres mongodb redis sea-orm prost prost-derive tonic tonic-build bincode rmp rmp-serde "
    "flate2 miniz_oxide crc32fast adler zstd zstd-sys brotli lz4 tar zip image png jpeg-decoder gif rust_decimal ordered-float approx nalgebra ndarray "
    "petgraph bevy winit wgpu egui criterion proptest quickcheck mockall insta rstest assert_cmd predicates pretty_assertions trybuild cc cmake "
    "pkg-config bindgen build-script jobserver semver version_check strsim textwrap unicode-width unicode-segmentation unicode-normalization heck "
    "convert_case indoc paste derive_more strum strum_macros enum-map static_assertions matches void dashmap arc-swap slab fnv ahash rustc-hash "
    "siphasher phf dotenv dotenvy config colored termcolor console indicatif crossterm ratatui dialoguer ansi_term atty is-terminal ctrlc signal-hook "
    "notify arrayvec tinyvec heapless nom pest pest_derive logos lalrpop wasm-bindgen wasm-bindgen-macro js-sys web-sys console_error_panic_hook "
    "ethers web3 solana-sdk solana-program anchor-lang alloy hex bs58 secp256k1 blake2 blake3 argon2 bcrypt scrypt jsonwebtoken oauth2 lettre "
    "askama tera handlebars minijinja pulldown-cmark comrak syntect scraper select html5ever markup5ever string_cache cookie async-stream "
    "async-channel async-lock event-listener fastrand futures-lite polling waker-fn tungstenite tokio-tungstenite tokio-rustls tokio-native-tls"
).split()
RUBY_DEFAULT_GEMS = frozenset(
    "abbrev base64 benchmark bigdecimal bundler cgi csv date debug delegate did_you_mean digest drb english erb error_highlight etc fcntl fiddle fileutils "
    "find forwardable getoptlong io-console io-nonblock io-wait ipaddr irb json logger matrix minitest mutex_m net-ftp net-http net-imap net-pop net-protocol "
    "net-smtp nkf observer open-uri open3 openssl optparse ostruct pathname power_assert pp prettyprint prime prism pstore psych racc rake rbs rdoc readline "
    "readline-ext reline repl_type_completor resolv resolv-replace rexml rinda rss ruby2_keywords securerandom set shellwords singleton stringio strscan "
    "syntax_suggest syslog tempfile test-unit time timeout tmpdir tsort typeprof un uri weakref win32ole yaml zlib".split()
)
# Products whose name reads like a package's: the registry's package is called otherwise, or the name belongs to nobody.
PRODUCTS = (
    "python pytorch opencv ffmpeg nodejs javascript typescript kubernetes docker github gitlab discord telegram whatsapp slack openai anthropic claude "
    "chatgpt deepseek gemini copilot ethereum bitcoin solana binance coinbase metamask opensea uniswap polygon ledger trezor monero stripe paypal "
    "cloudflare microsoft google facebook instagram twitter youtube netflix spotify minecraft roblox android selenium chromium postgres postgresql mysql "
    "mongodb elasticsearch tensorflow-gpu huggingface stablediffusion nvidia"
).split()
