//! The page.

use std::fmt::Write as _;

use anyhow::Result;

use super::{Extent, QUESTIONS, Round, Row};
use crate::machine;
use crate::stats::Sample;

pub fn page(extent: &Extent, sections: &[(String, Vec<Row>)]) -> Result<String> {
    let mut page = format!(
        "# Inference: how soon and how fast a model answers\n\n\
         Written by `bench inference --models {} --calls {} --rounds {} --tokens {}`. The worker `pjsua-agent-llm` with engine \
         `llama`, beside llama.cpp's `llama-server` (Debian sid) on the same file, with as many threads and the same number of \
         sequences; the two take turns, and neither runs while the other is measured. Each call is a conversation of {} turns \
         with a system prompt of its own, greedy, of at most {} tokens a reply; all calls begin at once.\n\n{}\n",
        extent.models.join(","),
        extent.calls.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
        extent.rounds,
        extent.tokens,
        QUESTIONS.len(),
        extent.tokens,
        machine::table("as in the tables")?,
    );
    for (model, rows) in sections {
        writeln!(
            page,
            "## {model}\n\n| calls | engine | tokens/s, of all calls: median (least–most) | first token, first turn, p50 / p95 (ms) \
             | first token, later turns, p50 / p95 (ms) | later ÷ first | between pieces, p50 / p95 (ms) |\n\
             |---|---|---|---|---|---|---|"
        )?;
        for row in rows {
            line(&mut page, row)?;
        }
        writeln!(page)?;
    }
    Ok(page)
}

fn line(page: &mut String, row: &Row) -> Result<()> {
    let all = |of: fn(&Round) -> &Vec<f64>| row.rounds.iter().flat_map(|round| of(round).iter().copied()).collect();
    let speeds: Sample = row.rounds.iter().map(|round| f64::from(round.tokens) / round.seconds).collect();
    let (first, later, gaps): (Sample, Sample, Sample) =
        (all(|round| &round.uncached), all(|round| &round.later), all(|round| &round.gaps));
    writeln!(
        page,
        "| {} | {} | {:.1} ({:.1}–{:.1}) | {} | {} | {:.2} | {} |",
        row.calls,
        row.engine,
        speeds.at(0.5),
        speeds.at(0.0),
        speeds.at(1.0),
        first.brief(),
        later.brief(),
        later.at(0.5) / first.at(0.5),
        gaps.brief()
    )?;
    Ok(())
}
