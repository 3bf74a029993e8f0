# Comparison with the paper: figure claims (claims of the paper and of the review) and figure published (its curves).
LEDGER = WORKFLOW / "claims.yaml"
# PyYAML's loader in C, where it is available, takes a tenth of the time.
CLAIMS = yaml.load(LEDGER.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
CLAIMED = {name for claim in CLAIMS for name in claim["tables"]}
# Tables of the paper's experiments; those of further experiments are not compared.
CANONICAL = {
    name: f"{RESULTS}/tables/{name}.csv"
    for name, figure in registry.figures.items()
    if figure.group in PARTS and figure.kind == name
}

if tables := {name: path for name, path in CANONICAL.items() if name in CLAIMED}:
    registry.add_figure(
        "claims",
        "claims",
        inputs={"ledger": os.path.relpath(LEDGER)} | tables,
        settings={"scale": config["scale"]},
    )
if curves := {name: path for name, path in CANONICAL.items() if name in ("fig1", "fig3", "fig4", "fig5")}:
    registry.add_figure("claims", "published", inputs=curves, settings={})
