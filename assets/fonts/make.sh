#!/usr/bin/env bash
# Cuts the fonts of pictures out of DejaVu Sans Mono and DejaVu Sans: make.sh FOLDER_OF_DEJAVU (pip install fonttools).
set -euo pipefail
from=${1:-/usr/share/fonts/truetype/dejavu}
to=$(cd "$(dirname "$0")" && pwd)
characters=0020-007E,00A0-00FF,0302,0304,0307,0308,0391-03A9,03B1-03C9,03D5
# ŝ ż ˣ ʳ ᵀ ᵗ ᵢ ᶻ ẋ ẏ, raised and lowered digits, dashes, quotes, primes
characters+=,015D,017C,02E3,02B3,1D40,1D57,1D62,1DBB,1E8B,1E8F,2070,2071,2074-208E
characters+=,2010-2016,2018-201E,2020-2022,2026,2030,2032,2033,2039,203A,203C
# arrows, mathematics, shapes, ticks and crosses
characters+=,2190-2195,2202,2205,2206,2208,2209,220F,2211-2213,2219,221A,221D,221E,2227-222B,223C,2248,2260,2261,2264,2265
characters+=,226A,226B,22C5,2308-230B,25A0,25A1,25AA,25AB,25B2,25B3,25B6,25B8,25BC,25BD,25C0,25C2,25C6,25C7,25CB,25CF,2605,2606
characters+=,2713,2715,2717
for name in DejaVuSansMono DejaVuSansMono-Bold DejaVuSans DejaVuSans-Bold; do
    pyftsubset "$from/$name.ttf" --unicodes="$characters" --output-file="$to/$name.ttf" \
        --no-hinting --desubroutinize --layout-features= --name-IDs=0,13 --no-name-legacy --notdef-outline --no-recalc-timestamp \
        --drop-tables+=DSIG,FFTM,GDEF,GPOS,GSUB,kern,gasp,post
done
