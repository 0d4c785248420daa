"""Draw the page. Streamlit runs this script once for each interaction.

Streamlit puts the script's folder first on `sys.path`. The script is alone in its folder, so it hides no module.
"""

from polyseme.ui.page.app import main

main()
