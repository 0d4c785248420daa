/** Sets the language of the document. Streamlit calls it when the component appears or changes. */
export default function ({ data }) {
  document.documentElement.lang = data;
}
