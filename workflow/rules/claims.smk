# Comparison with the paper: figure claims (claims of the paper and of the review) and figure published (its curves).
LEDGER = WORKFLOW / "claims.yaml"
CLAIMED = {
    name for names in re.findall(r"^  tables: \[(.+)\]$", LEDGER.read_text("utf-8"), re.M) for name in names.split(", ")
}
TABLES = {
    name: f"{RESULTS}/tables/{name}.csv"
    for name, figure in FIGURES.items()
    if figure["family"] in PARTS and name in CLAIMED
}

if TABLES:
    register_figure(
        "claims",
        "claims",
        inputs={"ledger": os.path.relpath(LEDGER)} | TABLES,
        settings={"scale": config["scale"]},
    )
if PAPERS := {name: path for name, path in TABLES.items() if name in ("fig1", "fig3", "fig4", "fig5")}:
    register_figure("claims", "published", inputs=PAPERS, settings={})
